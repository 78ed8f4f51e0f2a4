// SPDX-License-Identifier: AGPL-3.0-or-later

/// An IPv4 address and UDP port, both in network byte order.
struct MediaAddress: Hashable, BitwiseCopyable {
    var address: UInt32
    var port: UInt16

    static let none = MediaAddress(address: 0, port: 0)
    var isUsable: Bool { address != 0 && port != 0 }
}

/// Decides whose packets a leg takes and where it sends: symmetric RTP (RFC 4961) that is not carried off
/// by the first packet of a stranger.
///
/// Rules, for datagrams that are valid RTP of a payload type of the leg:
/// 1. The first packet after the far side was signalled latches its source; we send there.
/// 2. The signalled address itself is always taken, at once, and latched from then on.
/// 3. The latched address's host with another port (a NAT moved it, a phone restarted) is latched after 3
///    packets in a row, once the latched source was silent for 200 ms.
/// 4. Any other host is latched after 10 packets in a row, once the latched source was silent for 1 s.
/// What is not taken is refused and counted.
struct SourceLatch: BitwiseCopyable {
    enum Verdict {
        case accepted, latched, refused
    }

    /// Where the far side said it is.
    private(set) var signalled = MediaAddress.none
    /// Where we send.
    private(set) var remote = MediaAddress.none
    /// The host we last sent to, or would have: RTCP is taken from there. It outlasts a hold of the old kind, in which the
    /// far side gives 0.0.0.0 (RFC 3264 §8.4).
    private(set) var host: UInt32 = 0
    private(set) var isLatched = false
    private var lastNanoseconds: Int64 = 0
    private var candidate = MediaAddress.none
    private var candidateCount = 0

    /// The far side was signalled, by offer or answer. The same address again keeps what was learned.
    mutating func signal(_ address: MediaAddress) {
        guard address != signalled else { return }
        signalled = address
        remote = address
        if address.isUsable { host = address.address }
        isLatched = false
        candidateCount = 0
    }

    @inline(__always)
    mutating func judge(_ from: MediaAddress, now: Int64) -> Verdict {
        if isLatched && from == remote {
            lastNanoseconds = now
            candidateCount = 0
            return .accepted
        }
        return judgeOther(from, now: now)
    }

    private mutating func judgeOther(_ from: MediaAddress, now: Int64) -> Verdict {
        if !isLatched || from == signalled { return latch(from, now: now) }
        if from == candidate {
            candidateCount += 1
        } else {
            candidate = from
            candidateCount = 1
        }
        let sameHost = from.address == remote.address
        let silence = now - lastNanoseconds
        if candidateCount >= (sameHost ? 3 : 10) && silence >= (sameHost ? 200_000_000 : 1_000_000_000) {
            return latch(from, now: now)
        }
        return .refused
    }

    private mutating func latch(_ from: MediaAddress, now: Int64) -> Verdict {
        remote = from
        host = from.address
        isLatched = true
        lastNanoseconds = now
        candidateCount = 0
        return .latched
    }
}
