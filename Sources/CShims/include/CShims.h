#pragma once
#include "CPU.h"
#include "Bridge.h"
