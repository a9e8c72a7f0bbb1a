#pragma once
#include "CPU.h"
