// SPDX-License-Identifier: AGPL-3.0-or-later
import COSIP

extension NameAddress: CustomStringConvertible {
    /// Reads a `name-addr` or `addr-spec` with parameters, e.g. `"Bob" <sip:bob@example.com>;tag=1`. nil when malformed
    /// or longer than 2,048 bytes. Without angle brackets, parameters belong to the header (RFC 3261 §20.10).
    public init?(_ text: String) {
        guard SIPURI.isSafe(text), Array(text.utf8).withUnsafeBytes({ AddressCheck.isSound(addresses: $0) }),
            cosip_prepare() == 0
        else { return nil }
        var handle: UnsafeMutablePointer<osip_from_t>?
        guard osip_from_init(&handle) == 0, let address = handle else { return nil }
        defer { osip_from_free(address) }
        guard osip_from_parse(address, text) == 0 else { return nil }
        do throws(Flaw) { try self.init(osip: address) } catch { return nil }
    }

    public var description: String {
        var writer = WireWriter([], reserving: 96)
        writer.nameAddress(self)
        return writer.text
    }

    /// A display name without quotes and escapes, white space at both ends removed; nil when nothing is left.
    static func unquoted(_ text: String) -> String? {
        var bytes = text.utf8[...]
        while let first = bytes.first, first.isLineSpace { bytes.removeFirst() }
        while let last = bytes.last, last.isLineSpace { bytes.removeLast() }
        guard bytes.first == 0x22 else { return bytes.isEmpty ? nil : String(Substring(bytes)) }
        bytes.removeFirst()
        if bytes.last == 0x22 { bytes.removeLast() }
        guard bytes.contains(0x5C) else { return bytes.isEmpty ? nil : String(Substring(bytes)) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var isEscaped = false
        for byte in bytes {
            if byte == 0x5C, !isEscaped {
                isEscaped = true
            } else {
                result.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
