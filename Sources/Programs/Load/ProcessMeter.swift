// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Processor time and memory of a process, from /proc.
struct ProcessMeter {
    let process: Int32

    /// User and system time of all threads so far, in milliseconds, to the system's tick (10 ms).
    func processorMilliseconds() -> Double? {
        guard let text = read("stat"), let end = text.lastIndex(of: ")") else { return nil }
        // Behind the name: state is field 3, utime 14, stime 15 (proc(5)).
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) * 1_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in kB.
    func residentKilobytes() -> Int? {
        guard let text = read("status") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            return line.dropFirst(6).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        }
        return nil
    }

    private func read(_ name: String) -> String? {
        guard let file = fopen("/proc/\(process)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&bytes, 1, bytes.count, file)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
