#!/bin/sh
# Pictures of a report as people see it: light, dark, and on a telephone 360 pixels wide. For looking at them.
#
# usage: Tools/report/screenshots.sh REPORT.html FOLDER
#
# A sample to look at: REPORT_SAMPLE=FOLDER swift test --filter ReportInBrowserTests
# The browser is $CHROMIUM, else chromium.
set -eu
[ $# -eq 2 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
report=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
browser=${CHROMIUM:-chromium}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A window of Chromium is never narrower than 500 pixels, a frame inside one is.
cat > "$work/telephone.html" <<END
<!doctype html><style>body{margin:0}iframe{border:0;width:360px;height:${HEIGHT_PHONE:-4900}px}</style>
<iframe src="file://$report#frame=${FRAME:-10}"></iframe>
END

# shoot NAME ADDRESS WIDTH HEIGHT SCHEME    (a preferred color scheme of 0 is dark, 1 is light)
shoot() {
  "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --virtual-time-budget=60000 --window-size="$3,$4" --blink-settings="preferredColorScheme=$5" \
    --screenshot="$folder/$1.png" "$2" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}
shoot light "file://$report#frame=${FRAME:-10}" 1200 "${HEIGHT:-3750}" 1
shoot dark "file://$report#frame=${FRAME:-10}" 1200 "${HEIGHT:-3750}" 0
shoot phone "file://$work/telephone.html" 500 "${HEIGHT_PHONE:-4900}" 1
