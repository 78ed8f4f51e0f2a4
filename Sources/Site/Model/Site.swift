// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Dialplan

/// A whole site, checked: everything the switch is told by its folder. Immutable; a reload makes another one.
public struct Site: Sendable {
    /// The folder it came from, as given.
    public let folder: String
    public let name: String
    public let language: SiteLanguage
    /// Whose tones are played: a key of ITU-T E.180's table by country code, lower case (`cn`, `us`, `gb` …).
    public internal(set) var region: String
    /// Of digest authentication (RFC 3261 §22.1); also the domain of our own SIP URIs.
    public internal(set) var realm: String
    public internal(set) var sip: SIPSettings
    public internal(set) var media: MediaSettings
    /// This machine's towards the outside; see `onMachine(at:)`.
    public internal(set) var machineAddress: IPAddress?
    public internal(set) var limits: SiteLimits
    public internal(set) var recording: RecordingSettings
    /// Those with folders of their own; other names are folders in `sounds/music`.
    public let music: [MusicClass]
    /// In the order of their numbers.
    public let seats: [Seat]
    /// In the order of the file.
    public let trunks: [Trunk]
    /// In the order of their names.
    public let features: [SiteFeature]
    /// What keys do in the middle of a talk.
    public let talkFeatures: [SiteTalkFeature]
    /// Files of modules, by `SiteSection.file`.
    public let sections: [String: any SiteSection]
    public let dialplan: Dialplan

    private let seatIndex: [String: Int]
    private let trunkIndex: [String: Int]
    private let trunkUserIndex: [String: Int]
    private let featureIndex: [String: Int]
    /// Codes with something behind them, the longest first.
    private let openCodes: [(code: SiteCode, feature: Int)]

    init(
        folder: String, schema: SiteSchema, seats: [Seat], trunks: [Trunk], features: FeatureSchema,
        sections: [String: any SiteSection], dialplan: Dialplan
    ) {
        self.dialplan = dialplan
        self.folder = folder
        name = schema.name
        language = schema.language
        region = schema.region
        realm = schema.realm
        sip = schema.sip
        media = schema.media
        limits = schema.limits
        recording = schema.recording
        music = schema.music.classes.values.sorted { $0.name < $1.name }
        // Shorter numbers first, so that 0 and 90 come before 8001.
        self.seats = seats.sorted { ($0.number.count, $0.number) < ($1.number.count, $1.number) }
        self.trunks = trunks
        self.features = features.features
        talkFeatures = features.talkFeatures
        self.sections = sections

        var seatIndex: [String: Int] = [:]
        var trunkIndex: [String: Int] = [:]
        var trunkUserIndex: [String: Int] = [:]
        var featureIndex: [String: Int] = [:]
        for (index, seat) in self.seats.enumerated() { seatIndex[seat.number] = index }
        for (index, trunk) in trunks.enumerated() {
            trunkIndex[trunk.name] = index
            if let user = trunk.user { trunkUserIndex[user] = index }
        }
        var openCodes: [(code: SiteCode, feature: Int)] = []
        for (index, feature) in features.features.enumerated() {
            guard let code = SiteCode(feature.code) else { continue }
            if code.rest == .nothing { featureIndex[feature.code] = index } else { openCodes.append((code, index)) }
        }
        self.openCodes = openCodes.sorted { $0.code.prefix.utf8.count > $1.code.prefix.utf8.count }
        self.seatIndex = seatIndex
        self.trunkIndex = trunkIndex
        self.trunkUserIndex = trunkUserIndex
        self.featureIndex = featureIndex
    }

    /// Where sounds of the site's own lie.
    public var soundsFolder: String { folder + "/sounds" }

    public func seat(_ number: String) -> Seat? { seatIndex[number].map { seats[$0] } }
    public func trunk(_ name: String) -> Trunk? { trunkIndex[name].map { trunks[$0] } }

    /// The trunk whose gateway registers as `user`.
    public func trunk(registeringAs user: String) -> Trunk? { trunkUserIndex[user].map { trunks[$0] } }

    /// The peer trunk that calls from `address` belong to: the one with the longest matching prefix.
    public func trunk(from address: IPAddress) -> Trunk? {
        var best: (length: Int, trunk: Trunk)?
        for trunk in trunks {
            guard case .peer(let peer) = trunk.kind else { continue }
            for block in peer.addresses where block.contains(address) && block.prefixLength > best?.length ?? -1 {
                best = (block.prefixLength, trunk)
            }
        }
        return best?.trunk
    }

    /// The feature that is dialled, with what stands behind its code as its last argument.
    public func feature(dialled text: String) -> SiteFeature? {
        if let index = featureIndex[text] { return features[index] }
        for (code, index) in openCodes where text.hasPrefix(code.prefix) {
            let rest = String(text.dropFirst(code.prefix.count))
            switch code.rest {
            case .nothing: continue
            case .seat: guard seatIndex[rest] != nil else { continue }
            case .number:
                let digits = rest.hasPrefix("+") ? rest.dropFirst() : rest[...]
                guard 1...40 ~= digits.utf8.count, SiteCode.isKeys(digits) else { continue }
            }
            var feature = features[index]
            feature.code = text
            feature.arguments.append(rest)
            return feature
        }
        return nil
    }

    /// Whether some code begins with these keys and goes on.
    public func hasLongerCode(than text: String) -> Bool {
        features.contains { $0.code.utf8.count > text.utf8.count && $0.code.hasPrefix(text) }
            || openCodes.contains { text.hasPrefix($0.code.prefix) && text.utf8.count < $0.code.prefix.utf8.count + 12 }
    }

    public func section<Section: SiteSection>(_ type: Section.Type) -> Section? { sections[type.file] as? Section }

    /// What a lamp for an extension watches; empty when the dialplan has no hint for it, or one that cannot be read.
    public func hint(context: String, extension name: String) -> [Destination] {
        guard let text = dialplan.hint(context: context, extension: name) else { return [] }
        return (try? DestinationList(hint: text))?.destinations ?? []
    }
}
