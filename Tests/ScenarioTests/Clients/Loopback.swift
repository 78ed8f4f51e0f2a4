// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// Ports of 127.0.0.1 for programs under test, so that tests meet neither each other nor what else runs here.
enum Loopback {
    static let address = "127.0.0.1"

    /// Below the ports that the system hands to outgoing connections (32768 on), above those of the switch's speech.
    private static let firstPort = 21_000
    private static let blockSize = 20
    private static let blockCount = 580

    /// The block given out last; the first is drawn at random, for another run on the same machine.
    private static let last = Mutex(Int.random(in: 0..<blockCount))

    /// The first port of a free block of 20, even, with its successors free for UDP and TCP.
    static func freePorts() throws -> UInt16 {
        for _ in 0..<blockCount {
            let block = last.withLock { value -> Int in
                value = (value + 1) % blockCount
                return value
            }
            let first = UInt16(firstPort + block * blockSize)
            let isBlockFree = (first..<first + 6).allSatisfy { isFree($0, SOCK_DGRAM) && isFree($0, SOCK_STREAM) }
            if isBlockFree { return first }
        }
        throw ScenarioError("no free ports on \(address)")
    }

    private static func isFree(_ port: UInt16, _ type: __socket_type) -> Bool {
        let descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withAddress(port) { bind(descriptor, $0, $1) } == 0
    }

    /// Calls a socket function with the address of a loopback port.
    static func withAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A scenario that cannot go on: what was waited for, and what was seen instead.
struct ScenarioError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Waits until something is so, looking every 20 ms. `what` completes "waited 5.0 seconds for …".
func eventually<T>(
    _ what: String, within limit: Duration = .seconds(5), _ look: () throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + limit
    while true {
        if let found = try look() { return found }
        guard ContinuousClock.now < deadline else { throw ScenarioError("waited \(limit) for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// As above, for a condition.
func eventually(_ what: String, within limit: Duration = .seconds(5), _ look: () throws -> Bool) async throws {
    _ = try await eventually(what, within: limit) { try look() ? true : nil } as Bool
}
