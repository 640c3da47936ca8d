package vendors

// snomModels all count as twelve identities. Small models have fewer, and pass
// over what they do not have. Keys are those beside the screen, without their
// further pages.
var snomModels = modelsOf(
	row{lines: 12, keys: 6, names: "300"},
	row{lines: 12, keys: 12, names: "320"},
	row{lines: 12, keys: 12, screen: "128x64", names: "360"},
	row{lines: 12, keys: 12, screen: "240x128", names: "370"},
	row{lines: 12, keys: 5, names: "710 715 D712 D715"},
	row{lines: 12, keys: 18, names: "720 725 D725"},
	row{lines: 12, screen: "320x240", names: "760 820 821 D765"},
	row{lines: 12, screen: "480x272", names: "870"},
	row{lines: 12, screen: "132x64", names: "D120"},
	row{lines: 12, keys: 8, screen: "320x240", names: "D335 D735"},
	row{lines: 12, keys: 12, names: "D345 D375"},
	row{lines: 12, keys: 12, screen: "480x272", names: "D385"},
	row{lines: 12, screen: "426x240", names: "D717"},
	row{lines: 12, keys: 8, names: "D745"},
	row{lines: 12, keys: 6, screen: "480x272", names: "D785"},
	row{lines: 12, names: "D140 D150 D305 D315 D713 D810 D812 D815 D862 D865 D892"},
	row{lines: 12, screen: "none", form: Door, names: "PA1 PA1plus"},
	row{lines: 12, form: Door, names: "MP"},
	row{lines: 12, form: Room, names: "C520 C620"},
	row{lines: 12, form: DECT, names: "M100 M500"},
)

// snomBaseModels by what one base registers; several joined take more.
var snomBaseModels = modelsOf(
	row{lines: 30, screen: "none", form: DECT, names: "M700"},
	row{lines: 20, screen: "none", form: DECT, names: "M300 M400"},
	row{screen: "none", form: DECT, names: "M900"},
)
