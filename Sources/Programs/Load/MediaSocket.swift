// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// One UDP socket that carries the speech of many call ends, which the far side tells apart by its own ports.
/// Sending and receiving go by the batch; arrivals carry the kernel's time stamp, so they need no hurry to be read.
final class MediaSocket {
    let port: UInt16
    private let descriptor: Int32

    /// Few enough that the time of the last packet's leaving is that of the first within some microseconds.
    private static let sendBatch = 8
    private static let receiveBatch = 64
    private static let slot = 256
    private static let control = 64

    private let sendPackets: UnsafeMutableRawPointer
    private let sendNames: UnsafeMutablePointer<sockaddr_in>
    private let sendVectors: UnsafeMutablePointer<iovec>
    private let sendMessages: UnsafeMutablePointer<BatchedMessage>
    private var waiting = 0
    /// Packets the system would not take.
    private(set) var sendFailures = 0

    private let receivePackets: UnsafeMutableRawPointer
    private let receiveNames: UnsafeMutablePointer<sockaddr_in>
    private let receiveVectors: UnsafeMutablePointer<iovec>
    private let receiveControls: UnsafeMutableRawPointer
    private let receiveMessages: UnsafeMutablePointer<BatchedMessage>

    init(_ local: Endpoint) throws {
        (descriptor, port) = try openDatagramSocket(local)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, 4)

        let sends = MediaSocket.sendBatch
        sendPackets = .allocate(byteCount: sends * MediaSocket.slot, alignment: 16)
        // The filler is silence of A-law; nobody looks at it.
        sendPackets.initializeMemory(as: UInt8.self, repeating: 0xD5, count: sends * MediaSocket.slot)
        sendNames = .allocate(capacity: sends)
        sendNames.initialize(repeating: sockaddr_in(), count: sends)
        sendVectors = .allocate(capacity: sends)
        sendMessages = .allocate(capacity: sends)
        for index in 0..<sends {
            (sendVectors + index).initialize(
                to: iovec(iov_base: sendPackets + index * MediaSocket.slot, iov_len: StampedPacket.bytes))
            var message = BatchedMessage()
            message.header.msg_name = UnsafeMutableRawPointer(sendNames + index)
            message.header.msg_namelen = 16
            message.header.msg_iov = sendVectors + index
            message.header.msg_iovlen = 1
            (sendMessages + index).initialize(to: message)
        }

        let receives = MediaSocket.receiveBatch
        receivePackets = .allocate(byteCount: receives * MediaSocket.slot, alignment: 16)
        receiveNames = .allocate(capacity: receives)
        receiveNames.initialize(repeating: sockaddr_in(), count: receives)
        receiveVectors = .allocate(capacity: receives)
        receiveControls = .allocate(byteCount: receives * MediaSocket.control, alignment: 16)
        receiveMessages = .allocate(capacity: receives)
        for index in 0..<receives {
            (receiveVectors + index).initialize(
                to: iovec(iov_base: receivePackets + index * MediaSocket.slot, iov_len: MediaSocket.slot))
            var message = BatchedMessage()
            message.header.msg_name = UnsafeMutableRawPointer(receiveNames + index)
            message.header.msg_iov = receiveVectors + index
            message.header.msg_iovlen = 1
            message.header.msg_control = receiveControls + index * MediaSocket.control
            (receiveMessages + index).initialize(to: message)
        }
    }

    deinit {
        close(descriptor)
        sendPackets.deallocate()
        sendNames.deallocate()
        sendVectors.deallocate()
        sendMessages.deallocate()
        receivePackets.deallocate()
        receiveNames.deallocate()
        receiveVectors.deallocate()
        receiveControls.deallocate()
        receiveMessages.deallocate()
    }

    /// Puts a packet into the batch; `fill` writes it. A full batch leaves at once.
    func send(to remote: sockaddr_in, _ fill: (UnsafeMutableRawPointer) -> Void) {
        fill(sendPackets + waiting * MediaSocket.slot)
        sendNames[waiting] = remote
        waiting += 1
        if waiting == MediaSocket.sendBatch { flush() }
    }

    func flush() {
        if waiting == 0 { return }
        let now = Clock.realtime()
        for index in 0..<waiting { StampedPacket.stamp(sendPackets + index * MediaSocket.slot, sent: now) }
        let sent = DatagramBatch.send(descriptor, sendMessages, waiting)
        sendFailures += waiting - max(sent, 0)
        waiting = 0
    }

    /// Everything that waits: the packet, the port it came from, and when it arrived.
    func drain(_ body: (UnsafeRawBufferPointer, UInt16, Int64) -> Void) {
        while true {
            for index in 0..<MediaSocket.receiveBatch {
                receiveMessages[index].header.msg_namelen = 16
                receiveMessages[index].header.msg_controllen = MediaSocket.control
            }
            let count = DatagramBatch.receive(descriptor, receiveMessages, MediaSocket.receiveBatch)
            guard count > 0 else { return }
            for index in 0..<count {
                let bytes = UnsafeRawBufferPointer(
                    start: receivePackets + index * MediaSocket.slot, count: Int(receiveMessages[index].length))
                body(bytes, UInt16(bigEndian: receiveNames[index].sin_port), arrival(receiveMessages[index].header))
            }
            if count < MediaSocket.receiveBatch { return }
        }
    }

    /// The SCM_TIMESTAMPNS item: length, level, type, then a timespec.
    private func arrival(_ header: msghdr) -> Int64 {
        guard header.msg_controllen >= 32, let control = header.msg_control,
            control.load(fromByteOffset: 8, as: Int32.self) == SOL_SOCKET,
            control.load(fromByteOffset: 12, as: Int32.self) == SO_TIMESTAMPNS
        else { return Clock.realtime() }
        let time = control.load(fromByteOffset: 16, as: timespec.self)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
