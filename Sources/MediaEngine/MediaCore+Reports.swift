// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP

extension MediaCore {
    /// Puts a report into the shard's ring. Those that are not essential leave the last places free; what is
    /// dropped is counted.
    func report(_ report: Report, to shard: Int32, essential: Bool) {
        let port = ports + Int(shard)
        let ring = port.pointee.reports
        if !essential && ring.count >= ring.capacity - limits.reservedReports {
            state.pointee.counters.droppedReports.bump()
            return
        }
        if ring.push(OrderedReport(order: state.pointee.order, report: report)) {
            port.pointee.isDirty = true
        } else {
            state.pointee.counters.droppedReports.bump()
        }
    }

    func report(_ press: TelephoneEventReceiver.Press, of slot: Int, isHeld: Bool) {
        guard press.event < 16 else { return }
        let handle = legs[slot].handle
        report(
            .digit(handle, event: press.event, duration: press.duration, isHeld: isHeld), to: legs[slot].shard,
            essential: false)
    }

    /// Wakes those for whom something was put since the last call. Once for each turn of the thread.
    func signal() {
        for shard in 0..<state.pointee.shardCount where ports[shard].isDirty {
            ports[shard].isDirty = false
            martlet_bell_ring(ports[shard].event)
        }
        if state.pointee.serviceDirty {
            state.pointee.serviceDirty = false
            martlet_bell_ring(state.pointee.serviceEvent)
        }
    }
}
