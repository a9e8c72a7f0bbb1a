#pragma once

/// A line typed at a terminal, edited with libedit. The library is loaded when the first editor is made: nothing else pays for it.
typedef struct nn_edit nn_edit;

/// What Tab does, told the line so far in UTF-8, its length and the cursor's place in bytes. It may call nn_edit_insert and nn_edit_list.
typedef void (*nn_edit_complete)(nn_edit *edit, const char *line, long count, long cursor, void *context);

/// NULL where libedit is missing or the terminal is none.
nn_edit *nn_edit_new(nn_edit_complete complete, void *context);
void nn_edit_free(nn_edit *edit);

enum { NN_EDIT_END = -1, NN_EDIT_INTERRUPTED = -2 };
/// A line in UTF-8 with its end, valid until the next call; `count` is its length, NN_EDIT_END at Ctrl-D, NN_EDIT_INTERRUPTED at Ctrl-C.
const char *nn_edit_read(nn_edit *edit, const char *prompt, long *count);

/// Takes characters (not bytes) before the cursor away and puts text in their place.
void nn_edit_insert(nn_edit *edit, int removed, const char *text);
/// Shows text below the line; the line is drawn again after it.
void nn_edit_list(nn_edit *edit, const char *text);

/// Entries that the arrow keys and Ctrl-R go through, oldest first.
void nn_edit_add_history(nn_edit *edit, const char *entry);
void nn_edit_clear_history(nn_edit *edit);
