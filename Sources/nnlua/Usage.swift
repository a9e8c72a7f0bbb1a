internal import Runtime

enum Usage {
  static let short = """
    usage: nnlua [options] [script [args]]
           nnlua run | info | data | help | notebook | plugin
    `nnlua -h` lists the options
    """

  static let long = """
    usage: nnlua [options] [script [args]]
    Runs a Lua script; without one, the prompt (on a terminal) or standard input.

      -e CODE        run CODE
      -l MOD         require MOD into the global MOD; -l G=MOD into the global G
      -i             go on at the prompt after the script
      -v, --version  show the version
      -E             ignore LUA_INIT, LUA_PATH and LUA_CPATH
      -h, --help     this list
      --             no more options
      -              run standard input
      --threads N    work on at most N threads (NNLUA_THREADS)
      --plugin PATH  a plugin's file, which is loaded, or a folder to look for plugins in
      --profile[=FILE]  time by op and by layer on standard error at the end, and a trace
                     for ui.perfetto.dev in FILE (nnlua-trace.json); --trace FILE does the same
      --seed N       begin all chance at N: the same numbers in every run
      --memory-limit SIZE  an error where Lua's values and tensors together pass it: 2G, 500M
      --time-limit TIME    an error where the script runs longer: 60s, 5m, 1h
      --sandbox      the script reads only its own folder and the data sets, writes no file, starts
                     no program, loads no native code and uses no network

    subcommands (a script of such a name is run by ./NAME):
      nnlua run SCRIPT [--report out.html|.ipynb|.md] [-p name=value]   cell by cell, into a report
      nnlua info             version, instruction level, threads, memory
      nnlua data list        the data sets, and where they are
      nnlua data fetch NAME  download a data set
      nnlua help [NAME]      the modules, or what a function does
      nnlua help --markdown DIR   the reference as pages
      nnlua help --editor DIR     definitions for lua-language-server
      nnlua notebook convert A.lua B.ipynb   a script as a notebook, and back
      nnlua plugin new NAME       a folder with a first plugin: layers of one's own, in Swift
      nnlua plugin build [PATH]   compile it for this nnlua
      nnlua plugin check [PATH]   its gradients, saving, documentation, behaviour under wrong arguments
      nnlua plugin list           the plugins that scripts here find
    """

  static let version = "nnlua \(RuntimeLibrary.version)"
}
