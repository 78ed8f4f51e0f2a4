// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import SIPStack

/// A telephone with several lines: two calls, transfer.
extension SimulatedPhone {
    /// Sets the present call aside without a word to the switch.
    public func setAside() {
        guard let session else { return }
        aside.append(Line(session: session, switchPort: switchPort, codec: codec, offer: offer))
        (self.session, switchPort, codec, offer) = (nil, nil, nil, nil)
    }

    /// Holds the present call and calls somebody else.
    public func consult(_ number: String) {
        hold(true)
        setAside()
        call(number)
    }

    /// The present call and the one set aside last change places.
    public func swap() {
        let line = aside.popLast()
        setAside()
        guard let line else { return }
        (session, switchPort, codec, offer) = (line.session, line.switchPort, line.codec, line.offer)
    }

    /// REFER of the present call to a number (RFC 3515).
    public func transfer(to number: String) {
        guard let session else { return }
        refer(session, to: NameAddress(uri: address(number)))
    }

    /// REFER of the call set aside last to the other side of the present one (RFC 3891, RFC 5589 §7).
    public func transferAttended() {
        guard let session, let first = aside.last, let replaces = replaces(session) else { return }
        refer(
            first.session,
            to: ReferToHeader(address: NameAddress(uri: address("consulted")), replacing: replaces).address)
    }

    /// Any Refer-To.
    public func refer(_ session: SessionID, to target: NameAddress) {
        referring = session
        perform(agent.refer(session, to: target, referredBy: NameAddress(uri: address(user)), now: world.clock.now))
    }

    /// The Replaces that takes the place of a call of this phone, as the switch has to read it.
    public func replaces(_ session: SessionID) -> ReplacesHeader? {
        guard let dialog = agent.dialog(of: session), let remote = dialog.remoteTag else { return nil }
        return ReplacesHeader(callID: dialog.callID, toTag: remote, fromTag: dialog.localTag)
    }
}
