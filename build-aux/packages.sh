# Debian packages that building, running and testing need; sourced by run and check.
build_packages="gcc g++ libc6-dev meson ninja-build pkg-config protobuf-c-compiler libprotobuf-c-dev
  libonnx-dev libgtk-4-dev libadwaita-1-dev libsecret-1-dev libjson-glib-dev libsqlite3-dev nettle-dev
  libavformat-dev libavcodec-dev libavdevice-dev libavutil-dev libswscale-dev libmicrohttpd-dev gettext appstream
  librsvg2-common adwaita-icon-theme"
test_packages="ffmpeg python3 python3-numpy python3-gi gir1.2-atspi-2.0 at-spi2-core dbus xvfb xauth
  xdotool openbox weston x11-utils imagemagick fonts-dejavu-core fonts-droid-fallback clang-format universal-ctags sqlite3
  binutils procps util-linux desktop-file-utils"
# What flatpak/check needs besides.
flatpak_packages="flatpak flatpak-builder elfutils ostree xdg-desktop-portal xdg-desktop-portal-gtk
  libgtk-4-bin gawk python3-yaml"

# Installs what is missing of the packages named, as root or through sudo, saying so.
install_packages () {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
      missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "These Debian packages are missing; install them as root, then call again:$missing" >&2
      return 1
    }
    as_root="sudo"
  fi
  echo "Installing Debian packages:$missing" >&2
  $as_root apt-get update -q >&2 || return 1
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

# Configures build folder $1 with the options that follow, if that is not done yet, and builds it.
build_in () {
  folder=$1
  shift
  [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true "$@" || return 1
  ninja -C "$folder"
}
