package vendors

// A line is an account of the base; N870 in larger roles takes many more.
var (
	gigasetModels = modelsOf(
		row{lines: 20, screen: "none", form: DECT, names: "N610 N670 N870 N870E"},
	)
	gigasetMaxwellModels = modelsOf(
		row{lines: 4, screen: "320x240", names: "Maxwell3"},
		row{lines: 4, names: "MaxwellBasic Maxwell2 Maxwell4 MaxwellC"},
	)
	gigasetN510Models = modelsOf(
		row{lines: 6, screen: "none", form: DECT, names: "N510"},
	)
	gigasetN720Models = modelsOf(
		row{lines: 100, screen: "none", form: DECT, names: "N720"},
	)
	gigasetPModels = modelsOf(
		row{names: "P710 P810 P820 P825 P850 P855"},
	)
)
