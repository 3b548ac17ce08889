#!/bin/bash
# Says what it would remove; it removes only where the next line says true.
REMOVE=false
# Run it as root. It makes no network call. Exit code 1: something could not be removed. A copy that is open stays in memory until
# it is quit.

# TEAM:BUNDLE where the maker's team is known, so that no other maker's app of that name is hit; else the bundle id alone.
BANNED=(
  '2G98R5QYU5:com.kingsoft.wpsoffice.mac'
  '2G98R5QYU5:com.kingsoft.wpsoffice.mac.global'
  '2Y8XE5CQ94:com.kaspersky.kav.downloader'
  '2Y8XE5CQ94:com.kaspersky.kav.sysext'
  '5A4RE8SF68:com.tencent.xinWeChat'
  '5A4RE8SF68:com.tencent.xinWeChat.MiniProgram'
  'FN2V63AD2J:com.tencent.qq'
  'YK4WKE5WAM:com.kingsoft.wpsoffice.mac'
  'YK4WKE5WAM:com.kingsoft.wpsoffice.mac.global'
)

is_banned() {
  local one
  for one in "${BANNED[@]}"; do
    if [ "$one" = "$1" ]; then
      return 0
    fi
  done
  return 1
}

failed=0
for app in "/Applications/"*.app "/Applications/"*/*.app "/Users/"*/"Applications/"*.app; do
  if [ ! -d "$app" ] || [ -L "$app" ]; then
    continue
  fi
  bundle=$("/usr/libexec/PlistBuddy" -c "Print :CFBundleIdentifier" "$app/Contents/Info.plist" 2>"/dev/null")
  team=$("/usr/bin/codesign" -dv "$app" 2>&1 | "/usr/bin/sed" -n "s/^TeamIdentifier=//p")
  if [ -z "$bundle" ] || { ! is_banned "$bundle" && ! is_banned "$team:$bundle"; }; then
    continue
  fi
  if [ "$REMOVE" != true ]; then
    echo "would remove: $app ($bundle)"
  elif "/bin/rm" -rf -- "$app"; then
    echo "removed: $app ($bundle)"
  else
    echo "not removed: $app ($bundle)"
    failed=1
  fi
done
exit "$failed"
