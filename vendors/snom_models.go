package vendors

// snomModels all count as twelve identities. Small models have fewer, and pass
// over what they do not have.
var snomModels = modelsOf(
	row{lines: 12, names: "300 320 360 370 710 715 720 725 760 820 821 870 D120 D140 D150 " +
		"D305 D315 D335 D345 D375 D385 D712 D713 D715 D717 D725 D735 D745 D765 D785 " +
		"D810 D812 D815 D862 D865 D892"},
	row{lines: 12, form: Door, names: "PA1 PA1plus MP"},
	row{lines: 12, form: Room, names: "C520 C620"},
	row{lines: 12, form: DECT, names: "M100 M500"},
)

// snomBaseModels by what one base registers; several joined take more.
var snomBaseModels = modelsOf(
	row{lines: 30, screen: "none", form: DECT, names: "M700"},
	row{lines: 20, screen: "none", form: DECT, names: "M300 M400"},
	row{screen: "none", form: DECT, names: "M900"},
)
