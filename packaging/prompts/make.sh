#!/bin/sh
# Makes the prompts that voice embeds: espeak-ng speaks the texts beside this
# script, sox turns them into raw 8 kHz mono mu-law, and MANIFEST says where each
# came from. The results are committed, so a build needs neither tool; the same
# tools make the same bytes (sox -D adds no random dither).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../voice/prompts

missing=
for tool in espeak-ng sox; do
	command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "make.sh: missing:$missing" >&2
		echo "make.sh: install them as root: apt-get install$missing" >&2
		exit 1
	fi
	echo "make.sh: installing$missing"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# Phones open their audio late: the texts start after a moment of silence, the
# single letters, which follow a text, at once.
say() { # language words-per-minute text
	espeak-ng -v "$1" -s "$2" -p 45 -g 3 --stdout "$3"
}
tomulaw() { # file silence-before silence-after
	sox -t wav - -D -r 8000 -c 1 -e mu-law -b 8 -t raw "$1" \
		gain -4 highpass 200 lowpass 3400 norm -6 silence 1 0.01 0.1% reverse silence 1 0.01 0.1% reverse pad "$2" "$3"
}

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
{
	echo "# Where the prompts come from; written by packaging/prompts/make.sh (make prompts)."
	echo "# format: raw G.711 mu-law, 8000 Hz, mono, each file compressed by gzip; bytes and hash are of what is in it"
	echo "# speech: $(espeak-ng --version | sed 's/  Data at.*//'), voices de and en, -s 150 -p 45 -g 3"
	echo "# sound: $(sox --version | sed 's/.*: *//'), -D; gain -4, highpass 200, lowpass 3400, norm -6, silence trimmed"
	echo "# licence: synthesised speech. espeak-ng is GPL-3.0-or-later; its output is normally not covered by"
	echo "# that, but upstream says nothing explicit about the short recorded consonants it mixes in. A site"
	echo "# that wants to be sure puts recordings of its own in the override directory."
	echo "# name|bytes|sha256|text"
} >"$new/MANIFEST"
for language in de en; do
	mkdir "$new/$language"
	grep -v '^#' "$here/$language.txt" | while IFS='|' read -r name text; do
		file=$new/$language/$name.ulaw
		case $name in
		?) say $language 150 "$text" | tomulaw "$file" 0.02 0.12 ;;
		*) say $language 150 "$text" | tomulaw "$file" 0.3 0.1 ;;
		esac
		echo "$language/$name|$(wc -c <"$file")|$(sha256sum <"$file" | cut -d' ' -f1)|$text" >>"$new/MANIFEST"
	done
done
gzip -9n "$new"/*/*.ulaw
mkdir -p "$out"
rm -rf "$out/de" "$out/en"
mv "$new/de" "$new/en" "$new/MANIFEST" "$out/"
chmod 644 "$out/MANIFEST"
