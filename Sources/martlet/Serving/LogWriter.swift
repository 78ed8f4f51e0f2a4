// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Logging
import Synchronization

/// Log lines go to standard error from a thread of their own, so that a full pipe holds nobody up.
/// Bound: 10,000 lines wait; what comes beyond is counted, and the count is told.
final class LogWriter: Sendable {
    private struct State {
        var lines: [String] = []
        var lost = 0
        var stops = false
    }

    static let mostLines = 10_000
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    init() {
        let thread = Thread { [self] in run() }
        thread.name = "log"
        thread.start()
    }

    func write(_ line: String) {
        let wakes = state.withLock { state in
            guard state.lines.count < Self.mostLines else {
                state.lost += 1
                return false
            }
            state.lines.append(line)
            return state.lines.count == 1
        }
        if wakes { wakeUp.signal() }
    }

    /// Writes what waits and ends the thread.
    func close() {
        state.withLock { $0.stops = true }
        wakeUp.signal()
        _ = finished.wait(timeout: .now() + 2)
    }

    private func run() {
        while true {
            wakeUp.wait()
            // Lines come in bursts: one write for a burst instead of a wake for each.
            if !state.withLock({ $0.stops }) { usleep(20_000) }
            let (lines, lost, stops) = state.withLock { state in
                defer {
                    state.lines.removeAll(keepingCapacity: true)
                    state.lost = 0
                }
                return (state.lines, state.lost, state.stops)
            }
            var text = lines.joined(separator: "\n")
            if !lines.isEmpty { text += "\n" }
            if lost > 0 { text += "\(timestamp()) warning \(lost) log lines were lost: standard error is too slow\n" }
            let bytes = Array(text.utf8)
            var sent = 0
            while sent < bytes.count {
                let got = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
                if got <= 0 { break }
                sent += got
            }
            if stops {
                finished.signal()
                return
            }
        }
    }
}

/// Local time with milliseconds, as a log line begins.
func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return timestamp(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
}

func timestamp(seconds: Int, milliseconds: Int) -> String {
    var seconds = seconds
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
    let fraction = String(milliseconds)
    let padded = String(repeating: "0", count: max(0, 3 - fraction.count)) + fraction
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + "." + padded
}

/// swift-log's lines in our form: time, level, text.
struct LineLogHandler: LogHandler {
    let writer: LogWriter
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // Names and numbers come from outside: a line stays a line, and no control character reaches a terminal.
        var text = event.message.description
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            text = String(text.map { $0.isNewline || ($0.asciiValue ?? 0x20) < 0x20 || $0 == "\u{7F}" ? "?" : $0 })
        }
        writer.write("\(timestamp()) \(event.level.rawValue) \(text)")
    }
}
