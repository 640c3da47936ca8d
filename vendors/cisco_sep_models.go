package vendors

// ciscoSEPModels with call-manager firmware; those of the 7800 and 8800 series
// are the multiplatform phones' hardware, with other firmware and fewer lines.
var ciscoSEPModels = modelsOf(
	row{lines: 1, screen: "192x64", names: "CP-7906G CP-7911G"},
	row{lines: 24, keys: 24, screen: "192x64", names: "CP-7931G"},
	row{lines: 2, keys: 2, screen: "320x222", names: "CP-7941G CP-7941G-GE CP-7942G"},
	row{lines: 2, keys: 2, screen: "320x240", names: "CP-7945G"},
	row{lines: 6, keys: 6, screen: "320x222", names: "CP-7961G CP-7961G-GE CP-7962G"},
	row{lines: 6, keys: 6, screen: "320x240", names: "CP-7965G"},
	row{lines: 8, keys: 8, screen: "320x234", names: "CP-7970G CP-7971G CP-7971G-GE"},
	row{lines: 8, keys: 8, screen: "320x240", names: "CP-7975G"},
	row{lines: 1, screen: "none", names: "CP-6901"},
	row{lines: 1, names: "CP-6911"},
	row{lines: 2, keys: 2, screen: "396x81", names: "CP-6921"},
	row{lines: 4, keys: 4, screen: "396x162", names: "CP-6941 CP-6945"},
	row{lines: 12, keys: 12, screen: "396x81", names: "CP-6961"},
	row{lines: 1, screen: "384x106", names: "CP-7811"},
	row{lines: 2, keys: 2, screen: "396x162", names: "CP-7821"},
	row{lines: 4, keys: 4, screen: "396x162", names: "CP-7841"},
	row{lines: 16, keys: 16, screen: "396x162", names: "CP-7861"},
	row{lines: 1, screen: "384x128", form: Room, names: "CP-7832"},
	row{lines: 1, screen: "480x320", form: Room, names: "CP-8832"},
	row{lines: 5, keys: 5, screen: "800x480", names: "CP-8811 CP-8841 CP-8845"},
	row{lines: 5, keys: 10, screen: "800x480", names: "CP-8851 CP-8861 CP-8865"},
	row{lines: 4, keys: 4, screen: "640x480", names: "CP-8941 CP-8945"},
	row{lines: 5, keys: 5, screen: "640x480", names: "CP-8961 CP-9951"},
	row{lines: 6, keys: 6, screen: "640x480", names: "CP-9971"},
)
