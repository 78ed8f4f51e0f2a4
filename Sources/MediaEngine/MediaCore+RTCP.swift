// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Sender and receiver reports of every leg, relayed or mixed (RFC 3550 §6.4), on the odd port.
extension MediaCore {
    /// What names us in SDES: no address, no host name (RFC 7022 in spirit).
    private static let canonicalName: StaticString = "martlet"

    /// Sends SR (or RR, while nothing was sent) and SDES CNAME, and sets the next time: 5 s spread
    /// over half to one and a half (RFC 3550 §6.3.1).
    func sendReport(_ slot: Int) {
        let leg = legs + slot
        let spread = Int64(state.pointee.nextRandom() % 5_000_000_000)
        leg.pointee.report.nextNanoseconds = now + 2_500_000_000 + spread
        let remote = leg.pointee.latch.remote
        let port = UInt16(bigEndian: remote.port)
        guard remote.isUsable, port < .max else { return }
        let count = writeReport(slot, payload)
        let target = MediaAddress(address: remote.address, port: (port + 1).bigEndian)
        send(leg.pointee.rtcpSocket, to: target, payload, count: count)
    }

    /// Writes the compound packet, at most 92 octets, and returns its length.
    func writeReport(_ slot: Int, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let leg = legs + slot
        let count = leg.pointee.stream.packets > 0 ? writeSender(leg, bytes) : writeReceiver(leg, bytes)
        return count + writeName(leg, bytes + count)
    }

    private func writeSender(_ leg: UnsafeMutablePointer<LegSlot>, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let blocks: UInt8 = leg.pointee.statistics.epoch > 0 ? 1 : 0
        writeHead(bytes, type: 200, count: blocks, words: 6 + UInt16(blocks) * 6, ssrc: leg.pointee.stream.ssrc)
        let (seconds, fraction) = ntp()
        RTPHeader.put(seconds, at: bytes + 8)
        RTPHeader.put(fraction, at: bytes + 12)
        RTPHeader.put(leg.pointee.stream.timestamp(at: now), at: bytes + 16)
        RTPHeader.put(UInt32(truncatingIfNeeded: leg.pointee.stream.packets), at: bytes + 20)
        RTPHeader.put(UInt32(truncatingIfNeeded: leg.pointee.stream.octets), at: bytes + 24)
        if blocks > 0 { writeBlock(leg, bytes + 28) }
        return 28 + Int(blocks) * 24
    }

    private func writeReceiver(_ leg: UnsafeMutablePointer<LegSlot>, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let blocks: UInt8 = leg.pointee.statistics.epoch > 0 ? 1 : 0
        writeHead(bytes, type: 201, count: blocks, words: 1 + UInt16(blocks) * 6, ssrc: leg.pointee.stream.ssrc)
        if blocks > 0 { writeBlock(leg, bytes + 8) }
        return 8 + Int(blocks) * 24
    }

    private func writeHead(
        _ bytes: UnsafeMutablePointer<UInt8>, type: UInt8, count: UInt8, words: UInt16, ssrc: UInt32
    ) {
        bytes[0] = 0x80 | count
        bytes[1] = type
        RTPHeader.put(words, at: bytes + 2)
        RTPHeader.put(ssrc, at: bytes + 4)
    }

    private func writeBlock(_ leg: UnsafeMutablePointer<LegSlot>, _ bytes: UnsafeMutablePointer<UInt8>) {
        let block = leg.pointee.statistics.reportBlock()
        let report = leg.pointee.report
        RTPHeader.put(leg.pointee.statistics.ssrc, at: bytes)
        RTPHeader.put(UInt32(block.fraction) << 24 | block.lost, at: bytes + 4)
        RTPHeader.put(block.highest, at: bytes + 8)
        RTPHeader.put(leg.pointee.statistics.jitter, at: bytes + 12)
        RTPHeader.put(report.lastSenderReport, at: bytes + 16)
        let since = report.lastSenderReport == 0 ? 0 : max(0, now - report.lastSenderReportNanoseconds)
        // In 1/65536 s.
        RTPHeader.put(UInt32(truncatingIfNeeded: since / 1000 * 65536 / 1_000_000), at: bytes + 20)
    }

    private func writeName(_ leg: UnsafeMutablePointer<LegSlot>, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let length = Self.canonicalName.utf8CodeUnitCount
        // Chunk: SSRC, item type and length, text, at least one zero up to a border of four (§6.5).
        let chunk = (4 + 2 + length + 4) / 4 * 4
        writeHead(bytes, type: 202, count: 1, words: UInt16(chunk / 4), ssrc: leg.pointee.stream.ssrc)
        (bytes + 8).update(repeating: 0, count: chunk - 4)
        bytes[8] = 1
        bytes[9] = UInt8(length)
        (bytes + 10).update(from: Self.canonicalName.utf8Start, count: length)
        return 4 + chunk
    }

    private func ntp() -> (seconds: UInt32, fraction: UInt32) {
        let wall = max(0, now + state.pointee.wallOffset)
        let seconds = wall / 1_000_000_000 + 2_208_988_800
        let fraction = (UInt64(wall % 1_000_000_000) << 32) / 1_000_000_000
        return (UInt32(truncatingIfNeeded: seconds), UInt32(truncatingIfNeeded: fraction))
    }

    /// Takes one datagram of a leg's RTCP socket: only from the host its RTP comes from. It shows that the far side is
    /// there, also while it is on hold.
    func receiveReport(_ slot: Int) {
        let leg = legs + slot
        guard leg.pointee.isOpen else { return }
        let bytes = datagram
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(
                    leg.pointee.rtcpSocket, bytes, Self.datagramLimit, Int32(MSG_DONTWAIT), $0, &length)
            }
        }
        guard count >= 8, leg.pointee.isConfigured, from.sin_addr.s_addr == leg.pointee.latch.host,
            read(UnsafePointer(bytes), count: count, leg)
        else { return }
        leg.pointee.lastHeard = now
        leg.pointee.timedOut = false
    }

    /// Reads a compound packet; every length is checked against what there is. False when it does not begin with a
    /// report (RFC 3550 §A.2).
    @discardableResult
    func read(_ bytes: UnsafePointer<UInt8>, count: Int, _ leg: UnsafeMutablePointer<LegSlot>) -> Bool {
        guard count >= 8, bytes[1] == 200 || bytes[1] == 201 else { return false }
        var at = 0
        while at + 8 <= count {
            let packet = bytes + at
            let length = (Int(RTPHeader.big16(packet + 2)) + 1) * 4
            guard packet[0] >> 6 == 2, at + length <= count else { return at > 0 }
            let isSender = packet[1] == 200
            if isSender && length >= 28 {
                leg.pointee.report.lastSenderReport =
                    RTPHeader.big32(packet + 8) << 16 | RTPHeader.big32(packet + 12) >> 16
                leg.pointee.report.lastSenderReportNanoseconds = now
            }
            if isSender || packet[1] == 201 {
                var block = isSender ? 28 : 8
                var left = Int(packet[0] & 31)
                while left > 0 && block + 24 <= length {
                    if RTPHeader.big32(packet + block) == leg.pointee.stream.ssrc {
                        leg.pointee.report.farLost = RTPHeader.big32(packet + block + 4) & 0xFF_FFFF
                        leg.pointee.report.farJitter = RTPHeader.big32(packet + block + 12)
                    }
                    block += 24
                    left -= 1
                }
            }
            at += length
        }
        return true
    }
}
