package vendors

// htekModels of the guides and of public configs. How many accounts each has is
// not known: all four that can be written are switched off where unused.
var htekModels = modelsOf(
	row{names: "UC802 UC803 UC804 UC806 UC840 UC842 UC860 UC862"},
	row{names: "UC902 UC903 UC912 UC923 UC924 UC924U UC926 UC926U"},
)
