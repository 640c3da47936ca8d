package vendors

// linksysModels by the name of their first file, less its end. Every port of an
// adapter is an account.
var linksysModels = modelsOf(
	row{code: "init", lines: 2, screen: "none", form: Adapter, names: "PAP2T"},
	row{code: "spa1001", lines: 1, screen: "none", form: Adapter, names: "SPA1001"},
	row{code: "spa2100", lines: 2, screen: "none", form: Adapter, names: "SPA2100"},
	row{code: "spa2102", lines: 2, screen: "none", form: Adapter, names: "SPA2102"},
	row{code: "spa3000", lines: 2, screen: "none", form: Adapter, names: "SPA3000"},
	row{code: "spa3102", lines: 2, screen: "none", form: Adapter, names: "SPA3102"},
	row{code: "spa8000", lines: 8, screen: "none", form: Adapter, names: "SPA8000"},
	row{code: "spa8800", lines: 4, screen: "none", form: Adapter, names: "SPA8800"},
	row{code: "spa901", lines: 1, screen: "none", names: "SPA901"},
	row{code: "spa921", lines: 1, names: "SPA921"},
	row{code: "spa922", lines: 1, names: "SPA922"},
	row{code: "spa941", lines: 4, keys: 4, names: "SPA941"},
	row{code: "spa942", lines: 4, keys: 4, names: "SPA942"},
	row{code: "spa962", lines: 6, keys: 6, screen: "320x240", names: "SPA962"},
)
