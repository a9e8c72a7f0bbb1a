#pragma once
#include "CPU.h"
#include "Bridge.h"
#include "FrontEnd.h"
#include "Input.h"
#include "Plugin.h"
#include "Process.h"
#include "Variables.h"
