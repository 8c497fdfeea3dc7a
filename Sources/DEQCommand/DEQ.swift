import ArgumentParser

@main
struct DEQ: ParsableCommand {
}
