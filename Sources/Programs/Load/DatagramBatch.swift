// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// `struct mmsghdr`, which Swift's C library module does not show: a message header and the bytes moved.
struct BatchedMessage {
    var header = msghdr()
    var length: UInt32 = 0
    var padding: UInt32 = 0
}

/// sendmmsg(2) and recvmmsg(2), looked up by name for the same reason.
enum DatagramBatch {
    private typealias Send = @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32) -> Int32
    private typealias Receive =
        @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32, UnsafeMutableRawPointer?) -> Int32

    private static let sendFunction: Send? = dlsym(nil, "sendmmsg").map { unsafeBitCast($0, to: Send.self) }
    private static let receiveFunction: Receive? = dlsym(nil, "recvmmsg").map { unsafeBitCast($0, to: Receive.self) }

    /// How many of `count` were sent; negative with `errno` when none.
    static func send(_ descriptor: Int32, _ messages: UnsafeMutablePointer<BatchedMessage>, _ count: Int) -> Int {
        guard let sendFunction else { return -1 }
        return Int(sendFunction(descriptor, messages, UInt32(count), 0))
    }

    /// How many arrived, without waiting; negative with `errno` when none.
    static func receive(_ descriptor: Int32, _ messages: UnsafeMutablePointer<BatchedMessage>, _ count: Int) -> Int {
        guard let receiveFunction else { return -1 }
        return Int(receiveFunction(descriptor, messages, UInt32(count), Int32(MSG_DONTWAIT), nil))
    }
}

/// An IPv4 socket name.
func socketName(_ address: UInt32, _ port: UInt16) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.bigEndian
    return name
}

/// `a.b.c.d:port`.
struct Endpoint: Sendable {
    var address: UInt32
    var port: UInt16

    init(address: UInt32, port: UInt16) {
        self.address = address
        self.port = port
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = UInt16(parts[1]), let address = Endpoint.address(parts[0]) else {
            return nil
        }
        self.init(address: address, port: port)
    }

    static func address(_ text: some StringProtocol) -> UInt32? {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard numbers.count == 4 else { return nil }
        var address: UInt32 = 0
        for number in numbers {
            guard let number else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    var host: String { (0..<4).map { String(address >> (24 - 8 * UInt32($0)) & 0xFF) }.joined(separator: ".") }
    var name: sockaddr_in { socketName(address, port) }
}

/// A bound, non-blocking UDP socket with large buffers.
func openDatagramSocket(_ local: Endpoint) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw LoadError("no socket: \(String(cString: strerror(errno)))") }
    var name = local.name
    let done = withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, 16) }
    }
    guard done == 0 else {
        let words = String(cString: strerror(errno))
        close(descriptor)
        throw LoadError("cannot bind \(local.host):\(local.port): \(words)")
    }
    var bytes: Int32 = 16 << 20
    for (force, plain) in [(SO_RCVBUFFORCE, SO_RCVBUF), (SO_SNDBUFFORCE, SO_SNDBUF)]
    where setsockopt(descriptor, SOL_SOCKET, force, &bytes, 4) != 0 {
        setsockopt(descriptor, SOL_SOCKET, plain, &bytes, 4)
    }
    var size: socklen_t = 16
    _ = withUnsafeMutablePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return (descriptor, UInt16(bigEndian: name.sin_port))
}
