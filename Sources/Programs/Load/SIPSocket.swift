// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// A UDP socket for SIP text.
final class SIPSocket {
    let descriptor: Int32
    let local: Endpoint
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(_ wanted: Endpoint) throws {
        let (descriptor, port) = try openDatagramSocket(wanted)
        self.descriptor = descriptor
        local = Endpoint(address: wanted.address, port: port)
    }

    deinit { close(descriptor) }

    func send(_ text: String, to remote: Endpoint) {
        var name = remote.name
        let bytes = Array(text.utf8)
        // What the system will not take now is repeated by the SIP timers.
        _ = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, 16)
            }
        }
    }

    /// The next message that waits, and where it came from.
    func receive() -> (SIPText, Endpoint)? {
        while true {
            var name = sockaddr_in()
            var size: socklen_t = 16
            let count = buffer.withUnsafeMutableBytes { raw in
                withUnsafeMutablePointer(to: &name) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, raw.baseAddress, raw.count, Int32(MSG_DONTWAIT), $0, &size)
                    }
                }
            }
            guard count >= 0 else { return nil }
            let remote = Endpoint(
                address: UInt32(bigEndian: name.sin_addr.s_addr), port: UInt16(bigEndian: name.sin_port))
            if let text = SIPText(Array(buffer[..<count])) { return (text, remote) }
        }
    }
}
