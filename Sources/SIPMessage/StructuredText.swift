// SPDX-License-Identifier: AGPL-3.0-or-later

/// The part of a message that libosip2 reads: start line and structured headers under their long names, unfolded.
/// The owner calls `free()`.
struct StructuredText {
    private let buffer: UnsafeMutableRawBufferPointer
    private var count = 0
    private var hasOverflowed = false
    private var hasBadEscape = false

    init(capacity: Int) {
        // One byte stays free for the terminating NUL.
        buffer = .allocate(byteCount: capacity + 1, alignment: 1)
    }

    func free() { buffer.deallocate() }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count < buffer.count - count else {
            hasOverflowed = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func append(_ name: StaticString, _ line: HeaderScanner.Line, of bytes: UnsafeRawBufferPointer) {
        append(name)
        let start = count
        append(UnsafeRawBufferPointer(rebasing: bytes[line.value]))
        if line.isFolded {
            for index in start..<count where buffer[index] == 0x0D || buffer[index] == 0x0A { buffer[index] = 0x20 }
        }
        append("\r\n")
    }

    /// As ``append(_:_:of:)``, for a header of addresses.
    mutating func append(addresses name: StaticString, _ line: HeaderScanner.Line, of bytes: UnsafeRawBufferPointer) {
        let start = count
        append(name, line, of: bytes)
        if !AddressCheck.isSound(addresses: UnsafeRawBufferPointer(rebasing: buffer[start..<count])) {
            hasBadEscape = true
        }
    }

    /// Refuses what would make libosip2 slow or have it cut a text short.
    func check(_ limits: ParseLimits) throws(Flaw) {
        guard !hasOverflowed else { throw Flaw(.tooLarge, "too many header bytes", status: 513) }
        guard !hasBadEscape else {
            throw Flaw(.malformedHeader, "a broken percent escape, an escaped NUL, or a ? outside of brackets")
        }
        var commas: UInt32 = 0
        var delimiters: UInt32 = 0
        // Sums of comparisons without branches, which the compiler turns into vector instructions.
        for byte in UnsafeRawBufferPointer(rebasing: buffer[..<count]) {
            commas &+= byte == 0x2C ? 1 : 0
            delimiters &+= (byte == 0x3B ? 1 : 0) &+ (byte == 0x26 ? 1 : 0)
            delimiters &+= (byte == 0x22 ? 1 : 0) &+ (byte == 0x3C ? 1 : 0)
        }
        guard commas <= limits.commas, delimiters <= limits.delimiters else {
            throw Flaw(.tooLarge, "too many list elements or parameters", status: 513)
        }
    }

    /// Hands the text to libosip2.
    func read() throws(Flaw) -> Grammar {
        guard !hasOverflowed else { throw Flaw(.tooLarge, "too many header bytes", status: 513) }
        guard let start = buffer.baseAddress else { throw Flaw(.malformedHeader, "empty") }
        buffer[count] = 0
        return try Grammar(reading: UnsafePointer(start.assumingMemoryBound(to: CChar.self)), count: count)
    }
}
