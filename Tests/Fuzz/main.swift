import Foundation
import Fuzzing
import Glibc

// Feeds what reads other people's files with inputs that are mostly broken.
//
//   swift run -c release fuzz [TARGET] [--count N] [--seed N] [--from N] [--show] [--file FILE] [CORPUS…]
//
// `--show` prints the input of the number that `--from` says, as it is; `--file` tries one of yours.
// The same seed and number make the same input. Exits with 1 for a fault, and dies where a target does or hangs.

/// How long 1000 inputs may take before they count as hung, in seconds.
let patience: UInt32 = 600

/// What no process that reads a template may need, in KiB.
let mostMemory = 512 << 10

/// Writes at once: what was said last matters when a target dies.
func say(_ line: String) {
  FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

var count = 10_000
var seed: UInt64 = 1
var from = 0
var show = false
var file: String?
var names: [String] = []
var folders: [String] = []
var words = CommandLine.arguments.dropFirst().makeIterator()
while let word = words.next() {
  switch word {
  case "--count": count = words.next().flatMap { Int($0) } ?? count
  case "--seed": seed = words.next().flatMap { UInt64($0) } ?? seed
  case "--from": from = words.next().flatMap { Int($0) } ?? from
  case "--show": show = true
  case "--file": file = words.next()
  case _ where FuzzTarget.all.contains { $0.name == word }: names.append(word)
  default: folders.append(word)
  }
}

let corpus = FuzzCorpus.files(below: folders)
var failed = false
for target in FuzzTarget.all where names.isEmpty || names.contains(target.name) {
  let fuzzer = Fuzzer(target, seed: seed, corpus: corpus)
  if show {
    FileHandle.standardOutput.write(Data(fuzzer.input(from)))
    continue
  }
  let start = ContinuousClock.now
  alarm(patience)
  if let file, let input = FileManager.default.contents(atPath: file) {
    let fault = target.run([UInt8](input))
    say(
      "\(target.name): \(ContinuousClock.now - start) for \(file)\(fault.map { ", \($0)" } ?? "")")
    failed = failed || fault != nil
    continue
  }
  let outcome = fuzzer.run(from..<from + count) { number in
    guard number % 1000 == 999 else { return }
    alarm(patience)
    if number % 100_000 == 99_999 { say("\(target.name): \(number + 1)…") }
  }
  alarm(0)
  for fault in outcome.faults { say("fault: \(fault)") }
  say(
    "\(target.name): \(count) inputs in \(ContinuousClock.now - start), the longest "
      + "\(outcome.longest) (\(outcome.slowest)), \(outcome.faults.count) faults")
  failed = failed || !outcome.faults.isEmpty
}
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
say("memory: \(usage.ru_maxrss >> 10) MiB at most")
exit(failed || usage.ru_maxrss > mostMemory ? 1 : 0)
