package vendors

// ciscoMPPModels by $PSN less its end. Lines are accounts ("extensions").
var ciscoMPPModels = modelsOf(
	row{code: "6821", lines: 2, keys: 2, names: "CP-6821"},
	row{code: "6841", lines: 4, keys: 4, names: "CP-6841"},
	row{code: "6851", lines: 4, keys: 4, names: "CP-6851"},
	row{code: "6861", lines: 4, keys: 4, names: "CP-6861"},
	row{code: "6871", lines: 6, keys: 6, screen: "480x272", names: "CP-6871"},
	row{code: "7811", lines: 1, screen: "384x106", names: "CP-7811"},
	row{code: "7821", lines: 2, keys: 2, screen: "396x162", names: "CP-7821"},
	row{code: "7832", lines: 1, screen: "384x128", form: Room, names: "CP-7832"},
	row{code: "7841", lines: 4, keys: 4, screen: "396x162", names: "CP-7841"},
	row{code: "7861", lines: 16, keys: 16, screen: "396x162", names: "CP-7861"},
	row{code: "8811", lines: 10, keys: 10, screen: "800x480", names: "CP-8811"},
	row{code: "8832", lines: 1, screen: "480x320", form: Room, names: "CP-8832"},
	row{code: "8841", lines: 10, keys: 10, screen: "800x480", names: "CP-8841"},
	row{code: "8845", lines: 10, keys: 10, screen: "800x480", names: "CP-8845"},
	row{code: "8851", lines: 10, keys: 10, screen: "800x480", names: "CP-8851"},
	row{code: "8861", lines: 10, keys: 10, screen: "800x480", names: "CP-8861"},
	row{code: "8865", lines: 10, keys: 10, screen: "800x480", names: "CP-8865"},
	row{code: "9841", names: "DP-9841"},
	row{code: "9851", names: "DP-9851"},
	row{code: "9861", names: "DP-9861"},
)
