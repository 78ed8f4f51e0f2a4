// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Configuration
internal import Diagnostics
public import Dialplan

/// What one load of a site gave.
public struct SiteLoad: Sendable {
    /// nil when there is an error among the diagnostics.
    public var site: Site?
    /// Sorted by file, line and column; each once.
    public var diagnostics: [Finding]
    /// The files read, relative to the folder, for a watcher and for "checked N files".
    public var files: [String]
}

/// Reads a site's folder as a whole: `site.toml`, `seats.toml`, `trunks.toml`, `features.toml`, `extensions.conf`.
public enum SiteLoader {
    static let siteFile = "site.toml"
    static let seatsFile = "seats.toml"
    static let trunksFile = "trunks.toml"
    static let featuresFile = "features.toml"
    static let dialplanFile = "extensions.conf"

    /// What the program around the site offers it; names in the files are checked against it.
    public struct Offer: Sendable {
        /// Dialplan applications of the core and of all modules.
        public var applications: [ApplicationSignature]
        /// Dialplan functions of the core and of all modules.
        public var functions: [FunctionSignature]
        /// Feature codes of all modules.
        public var featureCodes: [FeatureCode]
        /// What keys can do in the middle of a talk: the exchange's own and those of all modules.
        public var talkFeatures: [TalkFeature]
        /// Files that are modules' own.
        public var sections: [any SiteSection.Type]
        /// Schemes of destinations that modules serve, in lower case.
        public var schemes: Set<String>

        public init(
            applications: [ApplicationSignature], functions: [FunctionSignature], featureCodes: [FeatureCode],
            talkFeatures: [TalkFeature] = TalkFeature.ofTheExchange, sections: [any SiteSection.Type] = [],
            schemes: Set<String> = []
        ) {
            self.applications = applications
            self.functions = functions
            self.featureCodes = featureCodes
            self.talkFeatures = talkFeatures
            self.sections = sections
            self.schemes = schemes
        }

        public init(
            applications: [ApplicationSignature], functions: [FunctionSignature], modules: [any Module]
        ) {
            self.init(
                applications: applications, functions: functions, featureCodes: modules.flatMap(\.featureCodes),
                talkFeatures: TalkFeature.ofTheExchange + modules.flatMap(\.talkFeatures),
                sections: modules.compactMap(\.section), schemes: Set(modules.flatMap(\.destinations.keys)))
        }
    }

    /// Loads and checks; never throws: what cannot be read is a diagnostic.
    ///
    /// - Parameter listen: takes the place of `[sip] listen` when not empty (the command line's `--listen`).
    public static func load(folder: String, offer: Offer, listen: [ListenAddress] = []) -> SiteLoad {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let findings = Findings()
        var files: [String] = []

        func parse(_ name: String, required: Bool) -> ConfigurationNode? {
            switch TextFile.read(folder + "/" + name) {
            case .success(let text):
                files.append(name)
                return ConfigurationNode.parse(text, file: name, findings: findings)
            case .failure(.missing) where !required:
                return nil
            case .failure(let failure):
                findings.error(
                    SourceLocation(file: name, line: 1), failure.wording,
                    hint: failure == .missing
                        ? Wording(en: "looked for it in \(folder)", zh: "查找的目录：\(folder)") : nil)
                return nil
            }
        }

        var schema =
            parse(siteFile, required: true).map { SiteSchema($0, folder: folder, findings: findings) } ?? SiteSchema()
        if !listen.isEmpty {
            schema.sip.listen = listen
            schema.spots.listen = []
        }
        let seats = parse(seatsFile, required: true).map { SeatSchema($0, site: schema, findings: findings) }
        let trunks =
            TextFile.exists(folder + "/" + trunksFile)
            ? parse(trunksFile, required: true).map { TrunkSchema($0, site: schema, findings: findings) }
            : TrunkSchema(nil, site: schema, findings: findings)
        let features = FeatureSchema(
            parse(featuresFile, required: false), offered: offer.featureCodes, talkFeatures: offer.talkFeatures,
            findings: findings)
        var sections: [String: any SiteSection] = [:]
        for type in offer.sections {
            sections[type.file] = type.init(parse(type.file, required: false), findings: findings)
        }

        var loading = DialplanLoading(folder: folder)
        let dialplan = loading.load(findings: findings)
        files += loading.files

        let check = SiteCheck(
            site: schema, seats: seats, trunks: trunks, features: features, folder: folder,
            findings: findings)
        check.run()
        let index = check.index(dialplan: dialplan, sections: Array(sections.values))
        for section in sections.values { section.check(against: index, findings: findings) }
        check.checkDestinations(against: index, schemes: offer.schemes)
        if let dialplan {
            let diagnostics = DialplanChecker.check(
                dialplan, applications: offer.applications, functions: offer.functions)
            for diagnostic in diagnostics { findings.add(Finding(diagnostic)) }
            check.checkDialplan(dialplan)
        }

        let diagnostics = findings.inOrder
        guard !findings.hasErrors, let dialplan else {
            return SiteLoad(site: nil, diagnostics: diagnostics, files: files)
        }
        let site = Site(
            folder: folder, schema: schema, seats: seats.map { Array($0.seats.values) } ?? [],
            trunks: trunks?.trunks ?? [], features: features, sections: sections, dialplan: dialplan)
        return SiteLoad(site: site, diagnostics: diagnostics, files: files)
    }
}
