#define _GNU_SOURCE
#include "Edit.h"
#include "CPU.h"
#include <dlfcn.h>
#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

// ---- the library ----

#define FUNCTIONS(F) \
  F(el_init) F(el_end) F(el_set) F(el_get) F(el_gets) F(el_line) F(el_insertstr) F(el_deletestr) F(el_resize) F(el_source) \
  F(history_init) F(history_end) F(history)

static struct {
#define MEMBER(name) __typeof__(name) *name;
  FUNCTIONS(MEMBER)
} lib;

static int load(void) {
  static int state;  // 0 not tried, 1 there, -1 missing
  if (state) return state > 0;
  state = -1;
  void *handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!handle) handle = dlopen("libedit.so.0", RTLD_NOW | RTLD_LOCAL);  // as Fedora and Arch name it
  if (!handle) return 0;
#define FIND(name) if (!(lib.name = (__typeof__(name) *)dlsym(handle, #name))) return 0;
  FUNCTIONS(FIND)
  state = 1;
  return 1;
}

struct nn_edit {
  EditLine *line;
  History *history;
  const char *prompt;
  nn_edit_complete complete;
  void *context;
  int interrupted;
  int listed;
  sigset_t signals, mask;  // what is held back between characters, and what was held back before
};

static nn_edit *owner(EditLine *line) {
  void *edit = NULL;
  lib.el_get(line, EL_CLIENTDATA, &edit);
  return edit;
}

// ---- signals, while a line is typed ----

static volatile sig_atomic_t resized, stopped;
static void on_resize(int number) { (void)number; resized = 1; }
static void on_stop(int number) { (void)number; stopped = 1; }

/// Ends the process' turn as Ctrl-Z asks, with the terminal as the shell had it, and draws the line again afterwards.
static void stop(EditLine *line) {
  stopped = 0;
  lib.el_set(line, EL_PREP_TERM, 0);
  struct sigaction mine, standard;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  sigaction(SIGTSTP, &standard, &mine);
  raise(SIGTSTP);
  sigaction(SIGTSTP, &mine, NULL);
  lib.el_set(line, EL_PREP_TERM, 1);
  lib.el_set(line, EL_REFRESH);
}

/// libedit's own reader would try again after Ctrl-C.
///
/// Signals are let through here alone, before each character and while none is there: one that came between two reads would else wait for the next key.
static int read_character(EditLine *line, wchar_t *out) {
  nn_edit *edit = owner(line);
  mbstate_t state;
  memset(&state, 0, sizeof state);
  for (;;) {
    pthread_sigmask(SIG_SETMASK, &edit->mask, NULL);
    if (nn_interrupt_flag) {
      edit->interrupted = 1;
      return -1;
    }
    if (resized) {
      resized = 0;
      lib.el_resize(line);
    }
    if (stopped) stop(line);
    pthread_sigmask(SIG_BLOCK, &edit->signals, NULL);
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (ppoll(&input, 1, NULL, &edit->mask) < 0 && errno == EINTR) continue;
    sigset_t pending;
    if (sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTSTP))) continue;  // it came before what can now be read
    char byte;
    ssize_t count = read(0, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return (int)count;
    wchar_t character;
    size_t used = mbrtowc(&character, &byte, 1, &state);
    if (used == (size_t)-2) continue;  // more bytes of it follow
    if (used == (size_t)-1) {
      memset(&state, 0, sizeof state);
      continue;  // not UTF-8: as if it had not been typed
    }
    *out = character;
    return 1;
  }
}

// ---- keys ----

static char *prompt(EditLine *line) { return (char *)owner(line)->prompt; }

static unsigned char on_tab(EditLine *line, int key) {
  (void)key;
  nn_edit *edit = owner(line);
  const LineInfo *info = lib.el_line(line);
  edit->listed = 0;
  edit->complete(edit, info->buffer, info->lastchar - info->buffer, info->cursor - info->buffer, edit->context);
  return edit->listed ? CC_REDISPLAY : CC_REFRESH;
}

void nn_edit_insert(nn_edit *edit, int removed, const char *text) {
  if (removed > 0) lib.el_deletestr(edit->line, removed);
  if (*text) lib.el_insertstr(edit->line, text);
}

void nn_edit_list(nn_edit *edit, const char *text) {
  edit->listed = 1;
  fprintf(stdout, "\n%s", text);
  fflush(stdout);
}

static void bind(EditLine *line, const char *keys, const char *command) { lib.el_set(line, EL_BIND, keys, command, NULL); }

nn_edit *nn_edit_new(nn_edit_complete complete, void *context) {
  if (!isatty(0) || !isatty(1) || !load()) return NULL;
  // What is typed is UTF-8 whatever the locale; numbers and sorting stay those of "C".
  if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8")) setlocale(LC_CTYPE, "");
  nn_edit *edit = calloc(1, sizeof *edit);
  if (!edit) return NULL;
  edit->complete = complete;
  edit->context = context;
  edit->prompt = "";
  edit->line = lib.el_init("nnlua", stdin, stdout, stderr);
  edit->history = lib.history_init();
  if (!edit->line || !edit->history) {
    nn_edit_free(edit);
    return NULL;
  }
  HistEvent event;
  lib.history(edit->history, &event, H_SETSIZE, 1 << 20);  // the caller limits it
  lib.el_set(edit->line, EL_CLIENTDATA, edit);
  lib.el_set(edit->line, EL_GETCFN, read_character);
  lib.el_set(edit->line, EL_PROMPT, prompt);
  lib.el_set(edit->line, EL_HIST, lib.history, edit->history);
  lib.el_set(edit->line, EL_EDITOR, "emacs");
  lib.el_set(edit->line, EL_ADDFN, "nnlua-complete", "completes names", on_tab);
  bind(edit->line, "^I", "nnlua-complete");
  bind(edit->line, "^R", "em-inc-search-prev");
  bind(edit->line, "^W", "ed-delete-prev-word");
  for (int i = 0; i < 2; i++) {  // Home and End as terminals send them
    bind(edit->line, i ? "\\e[H" : "\\e[1~", "ed-move-to-beg");
    bind(edit->line, i ? "\\e[F" : "\\e[4~", "ed-move-to-end");
  }
  bind(edit->line, "\\e[3~", "ed-delete-next-char");
  bind(edit->line, "\\e[1;5C", "em-next-word");
  bind(edit->line, "\\e[1;5D", "ed-prev-word");
  lib.el_source(edit->line, NULL);  // the user's own ~/.editrc
  return edit;
}

void nn_edit_free(nn_edit *edit) {
  if (edit->line) lib.el_end(edit->line);
  if (edit->history) lib.history_end(edit->history);
  free(edit);
}

const char *nn_edit_read(nn_edit *edit, const char *text, long *count) {
  edit->prompt = text;
  edit->interrupted = 0;
  resized = stopped = 0;
  lib.el_resize(edit->line);  // it may have changed while a script ran
  struct sigaction action, resize_before, stop_before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_resize;  // no SA_RESTART: the reader is to wake
  sigaction(SIGWINCH, &action, &resize_before);
  action.sa_handler = on_stop;
  sigaction(SIGTSTP, &action, &stop_before);
  sigemptyset(&edit->signals);
  sigaddset(&edit->signals, SIGINT);
  sigaddset(&edit->signals, SIGWINCH);
  sigaddset(&edit->signals, SIGTSTP);
  pthread_sigmask(SIG_BLOCK, &edit->signals, &edit->mask);
  int size = 0;
  const char *line = lib.el_gets(edit->line, &size);
  pthread_sigmask(SIG_SETMASK, &edit->mask, NULL);
  sigaction(SIGWINCH, &resize_before, NULL);
  sigaction(SIGTSTP, &stop_before, NULL);
  if (edit->interrupted) {
    *count = NN_EDIT_INTERRUPTED;
    return NULL;
  }
  *count = line && size > 0 ? (long)strlen(line) : NN_EDIT_END;
  return line;
}

void nn_edit_add_history(nn_edit *edit, const char *entry) {
  HistEvent event;
  lib.history(edit->history, &event, H_ENTER, entry);
}

void nn_edit_clear_history(nn_edit *edit) {
  HistEvent event;
  lib.history(edit->history, &event, H_CLEAR);
}
