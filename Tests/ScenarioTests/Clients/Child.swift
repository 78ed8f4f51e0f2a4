// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// A program started by a test: its output goes to a file that the test reads, its input comes from the test, line by line.
/// Ends with the test (`deinit` kills it), so that a failed scenario leaves nothing running.
final class Child {
    let name: String
    let pid: pid_t
    /// Where standard output and standard error go, together.
    let log: URL
    private let input: Int32
    private var ended: Exit?

    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    init(_ program: String, _ arguments: [String], in folder: URL, name: String, environment: [String: String] = [:])
        throws
    {
        self.name = name
        log = folder.appending(path: "\(name)-\(UInt32.random(in: 0...99_999)).log")
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ScenarioError("no pipe for \(name)") }
        let out = open(log.path(percentEncoded: false), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard out >= 0 else { throw ScenarioError("no log file for \(name)") }
        defer {
            close(ends[0])
            close(out)
        }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_adddup2(&actions, out, 1)
        posix_spawn_file_actions_adddup2(&actions, out, 2)

        // A child that has died must not end the tests by a write to it; the child itself keeps the default.
        signal(SIGPIPE, SIG_IGN)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        posix_spawnattr_setsigmask(&attributes, &unblocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var merged = ProcessInfo.processInfo.environment
        merged.merge(environment) { $1 }
        // `env` becomes the program, in its folder, under the same process id.
        let command = ["env", "-C", folder.path(percentEncoded: false), program] + arguments
        var argv = command.map { strdup($0) } + [nil]
        var envp = merged.map { strdup("\($0)=\($1)") } + [nil]
        defer {
            for argument in argv { free(argument) }
            for variable in envp { free(variable) }
        }
        var started: pid_t = 0
        let result = posix_spawnp(&started, command[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            close(ends[1])
            throw ScenarioError("\(program) does not start: \(String(cString: strerror(result)))")
        }
        pid = started
        input = ends[1]
    }

    deinit {
        if exit == nil { kill(pid, SIGKILL) }
        var status: Int32 = 0
        if ended == nil { waitpid(pid, &status, 0) }
        close(input)
    }

    /// Everything the program has printed so far.
    var output: String { (try? String(decoding: Data(contentsOf: log), as: UTF8.self)) ?? "" }

    /// How the program ended, nil while it runs.
    var exit: Exit? {
        if let ended { return ended }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
        return ended
    }

    /// Types a line to the program.
    func type(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else {
            throw ScenarioError("\(name) does not read its input")
        }
    }

    func send(_ signal: Int32) { if exit == nil { kill(pid, signal) } }

    /// Waits for the program to print something; throws with its output when it ends or is late.
    @discardableResult
    func printed(_ what: String, within limit: Duration = .seconds(5), after offset: Int = 0) async throws -> String {
        do {
            return try await eventually("'\(what)' of \(name)", within: limit) {
                let text = String(output.dropFirst(offset))
                if let line = text.split(whereSeparator: \.isNewline).first(where: { $0.contains(what) }) {
                    return String(line)
                }
                if let exit { throw ScenarioError("\(name) ended (\(exit)) before it printed '\(what)'") }
                return nil
            }
        } catch {
            throw ScenarioError("\(error)\n--- \(name) ---\n\(output.suffix(3000))")
        }
    }

    /// Waits for the program's end.
    func ends(within limit: Duration = .seconds(5)) async throws -> Exit {
        do {
            return try await eventually("the end of \(name)", within: limit) { exit }
        } catch {
            throw ScenarioError("\(error)\n--- \(name) ---\n\(output.suffix(3000))")
        }
    }

    /// Runs a program to its end and returns what it printed; throws unless it ends with 0.
    static func run(_ program: String, _ arguments: [String], in folder: URL, within limit: Duration = .seconds(20))
        async throws
        -> String
    {
        let child = try Child(
            program, arguments, in: folder, name: program.split(separator: "/").last.map(String.init) ?? "program")
        let exit = try await child.ends(within: limit)
        guard exit == .code(0) else {
            throw ScenarioError("\(program) \(arguments) ended \(exit): \(child.output.suffix(2000))")
        }
        return child.output
    }
}

/// A folder of a test's own, removed with it.
final class Workplace {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "martlet-scenario-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        if ProcessInfo.processInfo.environment["MARTLET_KEEP"] == nil {
            try? FileManager.default.removeItem(at: folder)
        }
    }

    func subfolder(_ name: String) throws -> URL {
        let url = folder.appending(path: name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }
}
