// SPDX-License-Identifier: AGPL-3.0-or-later

/// Direct conversion between the laws, octet by octet (ITU-T G.711 Tables 3 and 4).
///
/// The tables are not the same as decoding and encoding again: they are chosen so that
/// µ–A–µ and A–µ–A lose least. Entry 81 of Table 3 and entry 80 of Table 4 are those of the
/// corrected Recommendation.
public struct G711Transcoder: Sendable, BitwiseCopyable {
    private nonisolated(unsafe) let table: UnsafePointer<UInt8>

    public static let muToA = G711Transcoder { mu in
        let number = muToANumbers[Int(~mu & 0x7F)] - 1
        return (number | (mu & 0x80)) ^ 0x55
    }

    public static let aToMu = G711Transcoder { a in
        let bits = a ^ 0x55
        let number = aToMuNumbers[Int(bits & 0x7F)]
        return (~number & 0x7F) | (bits & 0x80)
    }

    private init(_ convert: (UInt8) -> UInt8) {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for code in 0...UInt8.max { table[Int(code)] = convert(code) }
        self.table = UnsafePointer(table)
    }

    @inline(__always)
    public func callAsFunction(_ code: UInt8) -> UInt8 { table[Int(code)] }

    /// Converts `count` octets; in place when both buffers are the same.
    public func convert(_ input: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>, count: Int) {
        for i in 0..<count { output[i] = table[Int(input[i])] }
    }

    /// A-law decoder output value numbers (1–128) by µ-law value number (0–127): Table 3.
    private static let muToANumbers: [UInt8] = [
        1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8,
        9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
        25, 27, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
        46, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
        64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
        80, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
        97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
        113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
    ]

    /// µ-law value numbers (0–127) by A-law value number less one (0–127): Table 4.
    private static let aToMuNumbers: [UInt8] = [
        1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
        24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
        36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
        50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
        65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
        80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
        96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
        112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
    ]
}
