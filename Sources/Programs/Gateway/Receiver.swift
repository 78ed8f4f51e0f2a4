// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPStack
internal import SIPTransport
internal import Synchronization
internal import Timing

/// The transport's end: hands everything to the gateway, which lives on the same loop.
final class Receiver: SIPReceiver {
    /// Filled once the gateway knows its ports.
    final class Place: Sendable {
        let gateway = Mutex<SimulatedGateway?>(nil)
    }

    private let place: Place

    init(_ place: Place) { self.place = place }

    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        let bytes = Array(bytes)
        place.gateway.withLock { $0 }?.assumeIsolated { $0.received(bytes, from: flow, at: now) }
    }

    func flowClosed(_ flow: Flow) {
        place.gateway.withLock { $0 }?.assumeIsolated { $0.flowClosed(flow) }
    }

    func undelivered(_ bytes: [UInt8], on flow: Flow) {
        place.gateway.withLock { $0 }?.assumeIsolated { $0.undelivered(bytes) }
    }
}
