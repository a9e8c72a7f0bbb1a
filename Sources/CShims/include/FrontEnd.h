#pragma once
#include <stddef.h>
#include <lua.h>

// Where a script's text goes and comes from when it does not run as a plain program; runs that another thread can interrupt.

/// stream 1 is the output, 2 the errors.
typedef void (*nn_output_function)(void *owner, int stream, const char *bytes, size_t size);
/// Fills the buffer: bytes read, 0 at the end of input, -1 where there is none to be had.
typedef long (*nn_input_function)(void *owner, char *buffer, size_t size);
extern nn_output_function nn_output __attribute__((swift_attr("nonisolated(unsafe)")));
extern nn_input_function nn_input __attribute__((swift_attr("nonisolated(unsafe)")));

/// Replaces C's stdin, stdout and stderr, and the files inside Lua's io.stdin, io.stdout and io.stderr, by streams that call nn_input
/// and nn_output with the state's owner; 0, or -1 where there is no memory.
int nn_redirect(lua_State *L);
/// Puts the process's own streams back.
void nn_end_redirection(lua_State *L);
/// Hands on what is still in a buffer, and lets a standard input that has ended be asked again.
void nn_flush_streams(void);
void nn_purge_input(void);  ///< forgets what stdin has read ahead
int nn_is_standard_stream(lua_State *L, int index);       ///< io.stdin, io.stdout or io.stderr
void nn_raise_soon(lua_State *L, const char *message);    ///< raised at the next instruction of the script, once

/// From here to nn_end_run the calling thread runs Lua: nn_interrupt_run reaches it, and os.exit ends the run, not the process.
void nn_begin_run(lua_State *L);
void nn_end_run(lua_State *L);
/// Raises "interrupted!" in the run, if there is one. From any thread.
void nn_interrupt_run(lua_State *L);
int nn_exit_status(lua_State *L);                         ///< what os.exit was called with in this run; -1 where it was not
