package vendors

// fanvilModels with their code in the name of the common file, where a source
// shows one. Accounts of the models without a number are switched off up to
// the most a device may have.
var fanvilModels = modelsOf(
	row{code: "F0V00X200000", lines: 20, screen: "480x272", names: "X210"},
	row{lines: 20, screen: "480x272", names: "X210i"},
	row{lines: 2, screen: "128x48", names: "X1S X1SP X1SG"},
	row{code: "f0X2hw1.100", lines: 2, names: "X2"},
	row{lines: 2, names: "X2P"},
	row{lines: 2, screen: "320x240", names: "X3S X3SP X3SG"},
	row{lines: 6, screen: "320x240", names: "X3U X3U-Pro"},
	row{lines: 4, names: "X3G X4SG"},
	row{lines: 4, screen: "320x240", names: "X4 X4G"},
	row{lines: 12, screen: "320x240", names: "X4U X4U-V2"},
	row{screen: "480x320", names: "X5S"},
	row{lines: 16, screen: "480x320", names: "X5U X5U-V2"},
	row{screen: "480x272", names: "X6"},
	row{lines: 20, screen: "480x272", names: "X6U X6U-V2 X6U-Pro"},
	row{lines: 20, screen: "800x480", names: "X7 X7C"},
	row{lines: 20, screen: "1024x600", names: "X7A"},
	row{code: "f0C00620000", names: "C62"},
	row{code: "f0C00580000", names: "C58"},
	row{code: "F0VV61G00000", names: "V61G"},
	row{names: "V61W V62 V62-Pro V63 V66 V66-Pro"},
	row{lines: 12, names: "V64"},
	row{lines: 20, names: "V65"},
	row{lines: 20, screen: "1024x600", names: "V67"},
	row{screen: "none", names: "H2U H3 H3W"},
	row{names: "H5 H5W"},
	row{code: "F0V2UV200000", screen: "none", names: "H2U-V2"},
	row{form: Door, screen: "none", names: "i10S i10SV i10V i12 i16S i16SV i16V"},
	row{form: Door, names: "i30 i51W i52W i53W i61 i62 i63 i64"},
	row{names: "W610W W611W W620W"},
)
