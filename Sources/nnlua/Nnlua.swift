import ArgumentParser

@main
struct Nnlua: ParsableCommand {
  func run() throws {}
}
