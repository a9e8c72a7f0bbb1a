#define _GNU_SOURCE
#include "FrontEnd.h"
#include "Bridge.h"
#include "CPU.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

nn_output_function nn_output;
nn_input_function nn_input;

// ---- streams ----

static ssize_t write_output(void *host, const char *bytes, size_t size) {
  nn_output(((nn_host *)host)->owner, 1, bytes, size);
  return (ssize_t)size;
}

static ssize_t write_error(void *host, const char *bytes, size_t size) {
  nn_output(((nn_host *)host)->owner, 2, bytes, size);
  return (ssize_t)size;
}

static ssize_t read_input(void *host, char *buffer, size_t size) {
  ssize_t count = nn_input(((nn_host *)host)->owner, buffer, size);
  if (count < 0) errno = EIO;
  return count;
}

int nn_redirect(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (host->is_redirected) return 0;
  fflush(NULL);
  FILE *in = fopencookie(host, "r", (cookie_io_functions_t){.read = read_input});
  FILE *out = fopencookie(host, "w", (cookie_io_functions_t){.write = write_output});
  FILE *err = fopencookie(host, "w", (cookie_io_functions_t){.write = write_error});
  if (!in || !out || !err) {
    if (in) fclose(in);
    if (out) fclose(out);
    if (err) fclose(err);
    return -1;
  }
  // The front end gathers text by itself; unbuffered, both streams keep their order.
  setvbuf(out, NULL, _IONBF, 0);
  setvbuf(err, NULL, _IONBF, 0);
  FILE *now[3] = {in, out, err}, **globals[3] = {&stdin, &stdout, &stderr};
  for (int i = 0; i < 3; i++) {
    host->streams_before[i] = *globals[i];
    *globals[i] = now[i];
    host->standard_streams[i]->f = now[i];
  }
  host->is_redirected = 1;
  return 0;
}

void nn_end_redirection(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (!host->is_redirected) return;
  FILE **globals[3] = {&stdin, &stdout, &stderr};
  for (int i = 0; i < 3; i++) {
    FILE *ours = *globals[i];
    *globals[i] = host->streams_before[i];
    host->standard_streams[i]->f = host->streams_before[i];
    fclose(ours);
  }
  host->is_redirected = 0;
}

void nn_purge_input(void) { __fpurge(stdin); }

void nn_flush_streams(void) {
  fflush(stdout);
  fflush(stderr);
  clearerr(stdin);
}

int nn_is_standard_stream(lua_State *L, int index) {
  void *data = lua_touserdata(L, index);
  for (int i = 0; i < 3; i++) {
    if (data && data == nn_host_of(L)->standard_streams[i]) return 1;
  }
  return 0;
}

// ---- runs ----

static _Thread_local nn_host *running;

static void on_signal(int number) {
  (void)number;
  if (running) nn_interrupt(running->main);
}

void nn_begin_run(lua_State *L) {
  nn_host *host = nn_host_of(L);
  host->exit_status = -1;
  if (host->runs++) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;  // no SA_RESTART: a script that waits is woken
  sigaction(SIGUSR1, &action, NULL);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
  pthread_mutex_lock(&host->run_lock);
  host->thread = pthread_self();
  host->is_running = 1;
  pthread_mutex_unlock(&host->run_lock);
  running = host;
}

void nn_end_run(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (--host->runs) return;
  pthread_mutex_lock(&host->run_lock);
  host->is_running = 0;
  pthread_mutex_unlock(&host->run_lock);
  running = NULL;
}

void nn_interrupt_run(lua_State *L) {
  nn_host *host = nn_host_of(L);
  pthread_mutex_lock(&host->run_lock);  // the thread cannot leave, and end, between the question and the signal
  if (host->is_running) pthread_kill(host->thread, SIGUSR1);
  pthread_mutex_unlock(&host->run_lock);
}

int nn_exit_status(lua_State *L) { return nn_host_of(L)->exit_status; }
