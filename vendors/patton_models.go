package vendors

// pattonModels are the analogue adapters seen with SmartWare R6; a line is an
// FXS port. FXO variants have the same names.
var pattonModels = modelsOf(
	row{lines: 2, screen: "none", form: Adapter, names: "SN4112"},
	row{lines: 4, screen: "none", form: Adapter, names: "SN4114"},
	row{lines: 6, screen: "none", form: Adapter, names: "SN4116"},
	row{lines: 8, screen: "none", form: Adapter, names: "SN4118"},
	row{lines: 16, screen: "none", form: Adapter, names: "SN4316"},
	row{lines: 24, screen: "none", form: Adapter, names: "SN4324"},
	row{lines: 32, screen: "none", form: Adapter, names: "SN4332"},
)

// pattonTrinityModels are families whose ports differ by variant, so how many
// lines one takes is not known.
var pattonTrinityModels = modelsOf(
	row{screen: "none", form: Adapter, names: "SN4120 SN4130 SN4140 SN4150 SN4170"},
)
