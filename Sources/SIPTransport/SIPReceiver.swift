// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPStack
public import Timing

/// The exchange's end of the transport. It is made and called on the home loop only.
public protocol SIPReceiver: AnyObject {
    /// One message, whole; on a stream already cut to its Content-Length. `bytes` is valid during the call only.
    /// - Parameter now: when the loop began to read the burst it lies in.
    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant)

    /// The connection of `flow` is gone, or there is no way to its address. A datagram that was lost for want of room in
    /// this machine is not told: retransmission is there for it.
    ///
    /// A closed connection is told with its number, one that could not be opened with the flow that was sent on
    /// (`connection` 0). Never called from inside
    /// `SIPTransport.send`.
    ///
    /// An opened connection that ends is told by both: what was sent on it with `connection` 0 and had no answer yet
    /// waits under that flow.
    func flowClosed(_ flow: Flow)

    /// This message cannot be sent, others on the same flow can: it is too long for a datagram, or one too many for a
    /// connection that is being opened. Never called from inside `SIPTransport.send`.
    func undelivered(_ bytes: [UInt8], on flow: Flow)
}
