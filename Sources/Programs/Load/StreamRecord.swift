// SPDX-License-Identifier: AGPL-3.0-or-later

/// One stream of stamped packets: where it goes, and what came of those sent while the window was open.
struct StreamRecord {
    var isActive = false
    var remoteAddress: UInt32 = 0
    var remotePort: UInt16 = 0
    var payloadType: UInt8 = 8
    var nextNumber: UInt32 = 0
    /// Packets sent from here on count.
    var windowBegin: UInt32?
    var windowEnd: UInt32?
    /// One bit a packet of the window.
    private var seen: [UInt64] = []
    private(set) var received = 0
    private(set) var duplicates = 0
    private(set) var reordered = 0
    private(set) var strays = 0
    private var lastNumber: UInt32?
    /// The socket and port the first packet arrived by; others would mean crossed lines.
    private var arrivesBy: UInt32?

    var sent: Int {
        guard let windowBegin else { return 0 }
        return Int((windowEnd ?? nextNumber) - windowBegin)
    }

    /// Whether the packet counts for the first time.
    mutating func arrived(_ number: UInt32, by path: UInt32) -> Bool {
        guard let windowBegin, number >= windowBegin, number < windowEnd ?? nextNumber else { return false }
        if let arrivesBy, arrivesBy != path { strays += 1 }
        arrivesBy = arrivesBy ?? path
        let index = Int(number - windowBegin)
        while seen.count <= index / 64 { seen.append(0) }
        let bit: UInt64 = 1 << UInt64(index % 64)
        if seen[index / 64] & bit != 0 {
            duplicates += 1
            return false
        }
        seen[index / 64] |= bit
        received += 1
        if let lastNumber, number < lastNumber { reordered += 1 }
        lastNumber = max(lastNumber ?? 0, number)
        return true
    }

    /// Forgets a window, so that another can begin.
    mutating func clear() {
        windowBegin = nil
        windowEnd = nil
        seen = []
        received = 0
        duplicates = 0
        reordered = 0
        strays = 0
        lastNumber = nil
        arrivesBy = nil
    }
}
