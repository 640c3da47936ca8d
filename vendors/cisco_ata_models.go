package vendors

// ciscoATAModels by the name of their factory file, less its end. Every port is
// an account; the SPA232D's third is its line to the telephone network.
var ciscoATAModels = modelsOf(
	row{code: "spa112", lines: 2, screen: "none", form: Adapter, names: "SPA112"},
	row{code: "spa122", lines: 2, screen: "none", form: Adapter, names: "SPA122"},
	row{code: "spa232D", lines: 1, screen: "none", form: Adapter, names: "SPA232D"},
	row{code: "ata191", lines: 2, screen: "none", form: Adapter, names: "ATA191"},
	row{code: "ata192", lines: 2, screen: "none", form: Adapter, names: "ATA192"},
)
