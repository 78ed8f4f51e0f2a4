// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration

/// Checks that span the files of a site.
struct SiteCheck {
    let site: SiteSchema
    let seats: SeatSchema?
    let trunks: TrunkSchema?
    let features: FeatureSchema
    let folder: String
    let findings: Findings

    func run() {
        checkListenAgainstMedia()
        checkPortsAgainstCalls()
        checkTrunkUsers()
        checkFeatureCodes()
        for (name, spot) in (seats?.musicSpots ?? []) + (trunks?.musicSpots ?? []) {
            site.music.check(name, at: spot, folder: folder, findings: findings)
        }
    }

    /// A listening UDP port within the range that RTP takes its ports from would fail at some later call.
    private func checkListenAgainstMedia() {
        for (address, spot) in zip(site.sip.listen, site.spots.listen)
        where address.transport == .udp && site.media.ports.contains(address.port)
            && (address.address == site.media.address || address.address.isUnspecified
                || site.media.address.isUnspecified)
        {
            findings.error(
                spot,
                Wording(
                    en: "\"\(address)\" lies within the ports of [media], \(site.media.ports.lowerBound) to"
                        + " \(site.media.ports.upperBound)",
                    zh: "\"\(address)\" 落在 [media] 的端口范围 \(site.media.ports.lowerBound) 到"
                        + " \(site.media.ports.upperBound) 之内"))
        }
    }

    /// Each call has two legs as a rule, each leg an RTP and an RTCP port.
    private func checkPortsAgainstCalls() {
        guard let spot = site.spots.mediaPorts else { return }
        let legs = site.media.ports.count / 2
        guard legs < site.limits.calls * 2 else { return }
        findings.warning(
            spot,
            Wording(
                en:
                    "\"ports\" is enough for \(legs / 2) calls of two parties, [limits] calls allows \(site.limits.calls)",
                zh: "\"ports\" 只够 \(legs / 2) 路双方通话，而 [limits] calls 允许 \(site.limits.calls) 路"))
    }

    /// Seats and gateways log in with names of one space.
    private func checkTrunkUsers() {
        guard let seats, let trunks else { return }
        for trunk in trunks.trunks {
            guard let user = trunk.user, seats.seats[user] != nil else { continue }
            findings.error(
                trunk.spot,
                Wording(
                    en: "trunk \"\(trunk.name)\" registers as \"\(user)\", which is a seat's number",
                    zh: "中继 \"\(trunk.name)\" 的注册用户 \"\(user)\" 与座席号码相同"))
        }
    }

    private func checkFeatureCodes() {
        guard let seats else { return }
        for feature in features.features {
            guard seats.seats[feature.code] != nil, let spot = features.spots[feature.name] else { continue }
            findings.error(
                spot,
                Wording(
                    en: "code \(feature.code) of \"\(feature.name)\" is a seat's number",
                    zh: "\"\(feature.name)\" 的功能码 \(feature.code) 与座席号码相同"))
        }
    }
}
