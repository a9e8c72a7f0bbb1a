"""All of jupyter_kernel_test: every field is given, so no test is left out; one that skips counts as failed."""
import sys
import unittest

import jupyter_kernel_test


class NnluaTests(jupyter_kernel_test.KernelTests):
    kernel_name = "nnlua"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = "print('hello, world')"
    code_stderr = "io.stderr:write('hello, stderr\\n')"
    completion_samples = [
        {"text": "string.form", "matches": {"format"}},
        {"text": "whil", "matches": {"while"}},
        {"text": "require('nnlua.nn').BatchNorm2", "matches": {"BatchNorm2d"}},
    ]
    complete_code_samples = ["print(1)", "local x = 1", "for i = 1, 3 do\n  print(i)\nend", "1 + 2", ""]
    incomplete_code_samples = ["for i = 1, 3 do", "print(", "local t = {", "x = [[", "function f()"]
    invalid_code_samples = ["end", "x = = 1", "for do"]
    code_page_something = "?string.format"
    code_generate_error = "error('no')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "'a' .. 'b'"},
        {"code": "require('nnlua.tensor').ones(2)"},
        {"code": "6 * 7", "result": "42"},
    ]
    code_display_data = [
        {"code": "require('nnlua').display(require('nnlua.tensor').ones(2, 2))", "mime": "text/html"},
        {"code": "require('nnlua.plot').line({1, 2, 3}):show()", "mime": "image/svg+xml"},
        {"code": "require('nnlua').display(require('nnlua.notebook').markdown('**bold**'))", "mime": "text/markdown"},
    ]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "string.format"
    code_clear_output = "require('nnlua.notebook').clear_output()"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "nnlua"
    support_iopub_welcome = True


if __name__ == "__main__":
    program = unittest.main(argv=["kernel_test", "-v"], exit=False)
    result = program.result
    if result.skipped:
        print("left out:", *result.skipped, sep="\n  ")
    sys.exit(not result.wasSuccessful() or bool(result.skipped))
