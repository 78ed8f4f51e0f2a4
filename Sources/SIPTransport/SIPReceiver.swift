// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPStack
public import Timing

/// One shard's end of the transport. It is made and called on that shard's event loop only.
public protocol SIPReceiver: AnyObject {
    /// One message, whole; on a stream already cut to its Content-Length. `bytes` is valid during the call only.
    /// - Parameter now: when the loop began to read the burst it lies in.
    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant)

    /// The connection of `flow` is gone, or what was last sent on it could not be delivered.
    ///
    /// A closed connection is told to every shard, with the connection's number. A connection that could not be
    /// opened is told to the shard that sent, with the flow it sent on (`connection` 0). Never called from inside
    /// `SIPTransport.send`.
    func flowClosed(_ flow: Flow)
}
