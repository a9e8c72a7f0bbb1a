#pragma once

/// A descriptor that becomes readable when the process ends; -1 where it has ended already or the system has no such thing.
int nn_open_process(int process);
