// SPDX-License-Identifier: AGPL-3.0-or-later

/// Which shard owns a message. Every message of a dialog has the same Call-ID, so it finds its dialog whatever
/// socket or connection it came by.
extension SIPTransport {
    /// What the Call-IDs made on a shard must begin with: its index as two lower-case hexadecimal digits and `-`,
    /// e.g. `03-`. Answers then come straight to the shard whose call it is.
    public static func callIDPrefix(ofShard shard: Int) -> String {
        let digits = String(shard & 0xFF, radix: 16)
        return (digits.utf8.count < 2 ? "0" : "") + digits + "-"
    }

    /// The shard of a Call-ID: the one its prefix names if there is such a shard, else by FNV-1a hash. Call-IDs of
    /// others that happen to begin so are merely steered there.
    public static func shard(ofCallID callID: UnsafeRawBufferPointer, shardCount: Int) -> Int {
        guard shardCount > 1 else { return 0 }
        if callID.count > 3, callID[2] == 0x2D, let high = hexadecimal(callID[0]), let low = hexadecimal(callID[1]) {
            let shard = high << 4 | low
            if shard < shardCount { return shard }
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in callID { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return Int((hash >> 32) % UInt64(shardCount))
    }

    public static func shard(ofCallID callID: String, shardCount: Int) -> Int {
        var callID = callID
        return callID.withUTF8 { shard(ofCallID: UnsafeRawBufferPointer($0), shardCount: shardCount) }
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }
}
