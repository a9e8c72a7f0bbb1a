#pragma once

/// A descriptor that becomes readable when the process ends; -1 where there is none such, -2 where the process has ended already.
int nn_open_process(int process);
