#!/bin/sh
# Everything that needs a GPU, in one go, from a folder that is carried to it: no FFmpeg, no network.
#
#   tests/bench/gpu.sh pack BUILD FOLDER [MODEL.onnx…]   here: tests, plug-in, libraries, models into FOLDER
#   FOLDER/gpu.sh run [RESULT.md]                        there: writes one Markdown table (default: FOLDER/<gpu>.md)
#
# cuDNN 9.15 or newer and NVRTC of CUDA 13 are taken from FOLDER/lib, where who may carry them puts them, else from the
# loader's path, else from the Python packages nvidia-cudnn-cu13 and nvidia-cuda-nvrtc.
# Without a GPU `run` says so and exits 77. What is missing there (compute-sanitizer, torch) is named in the table.
set -u

models_of () {
  if [ $# -gt 0 ]; then printf '%s\n' "$@"; else ls "$root"/data/models/*.onnx; fi
}

pack () {
  root=$(cd "$(dirname "$0")/../.." && pwd)
  build=$(cd "$1" && pwd)
  folder=$2
  shift 2
  [ -f "$build/kernels/cuda/praxi-cuda.so" ] || { echo "gpu.sh: $build has no CUDA plug-in: configure with -Dcuda=enabled where nvcc is" >&2; return 1; }
  programs="tests/bench/bench-gpu tests/bench/describe-gpu tests/kernels/test-cpu-conv tests/kernels/test-cpu-element tests/kernels/test-cpu-motion tests/kernels/test-cpu-move"
  # shellcheck disable=SC2086
  ninja -C "$build" $programs kernels/cuda/praxi-cuda.so || return 1
  mkdir -p "$folder/bin" "$folder/lib" "$folder/models"
  for program in $programs; do
    if readelf -d "$build/$program" | grep -q 'NEEDED.*\(libav\|libsw\|libgtk\)'; then
      echo "gpu.sh: $program links FFmpeg or GTK" >&2
      return 1
    fi
    cp "$build/$program" "$folder/bin/"
  done
  cp "$build/kernels/cuda/praxi-cuda.so" "$folder/bin/"
  # All but the C library itself, which every machine has.
  ldd "$folder"/bin/* | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u | grep -v -E '/(libc|libm|libpthread|libdl|librt|ld-linux[^/]*)\.so' | while read -r library; do cp -L "$library" "$folder/lib/"; done
  models_of "$@" | while read -r model; do cp "$model" "$folder/models/"; done
  cp "$0" "$folder/gpu.sh"
  cp "$root/tests/bench/gpu-torch.py" "$folder/"
  echo "packed $(du -sh "$folder" | cut -f1) into $folder"
}

# Folders of the Python packages that have cuDNN and NVRTC, as a path.
python_libraries () {
  python3 -c 'import glob, sysconfig; print(":".join(glob.glob(sysconfig.get_paths()["purelib"] + "/nvidia/*/lib")))' 2>/dev/null
}

# Own convolutions against cuDNN, shape by shape: one new cache, so that every plan is compiled and examined.
compare_cudnn () {
  rm -rf "$folder/cache" "$folder/cudnn-rows.md"
  echo "Convolutions by cuDNN, as it was tried: a shape may be put to it in several forms. Times are of one run out of a recording; chosen means faster and equal, bit for bit where the types are bytes (2: f16, 0: f32, 3: s8, 6: u8; x, y, residual)."
  echo
  XDG_CACHE_HOME="$folder/cache" PRAXI_CUDNN=all PRAXI_CUDNN_ROWS="$folder/cudnn-rows.md" "$folder/bin/bench-gpu" --single "$folder"/models/*.onnx > "$folder/log-cudnn-nets.md" 2> "$folder/log-cudnn.txt"
  if [ -s "$folder/cudnn-rows.md" ]; then
    echo "| convolution | own ms | cuDNN ms | compiling s | verdict |"
    echo "|---|---|---|---|---|"
    cat "$folder/cudnn-rows.md"
    echo
    echo "Kept plans: $(find "$folder/cache" -name '*.plan' | wc -l), $(du -sk "$folder/cache" | cut -f1) KiB. The nets with them:"
    echo
    echo "| model | precision | batch | ms | clips/s | arena MiB | elsewhere | off | device |"
    echo "|---|---|---|---|---|---|---|---|---|"
    cat "$folder/log-cudnn-nets.md"
  else
    echo "cuDNN was not tried; $(head -1 "$folder/log-cudnn.txt")"
  fi
  if "$folder/bin/describe-gpu" > "$folder/device.json" 2>> "$folder/log-cudnn.txt"; then
    echo
    echo "cuDNN's description of the device is in device.json: it belongs into shared/data/cudnn."
  fi
}

# A row of the tests' table: what ran and how it ended.
try () {
  name=$1
  shift
  if timeout 300 "$@" > "$folder/log-$name.txt" 2>&1; then verdict=passed; else verdict="FAILED ($?), see log-$name.txt"; fi
  echo "| $name | $verdict |"
}

run () {
  folder=$(cd "$(dirname "$0")" && pwd)
  export LD_LIBRARY_PATH="$folder/lib:${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(python_libraries)" PRAXI_PLUGINS="$folder/bin"
  "$folder/bin/bench-gpu" || { status=$?; [ $status -eq 77 ] && echo "gpu.sh: there is no GPU here; nothing was measured" >&2; return $status; }
  gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1)
  driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -1)
  result=${1:-$folder/$(printf '%s' "${gpu:-gpu}" | tr ' /' '--' | tr '[:upper:]' '[:lower:]').md}
  {
    echo "# ${gpu:-GPU}, driver ${driver:-unknown}, $(date -u +%F)"
    echo
    echo "Kernels against \`ref\` on the device, INT8 bit for bit:"
    echo
    echo "| test | result |"
    echo "|---|---|"
    export PRAXI_CUDNN=off
    for test in conv element motion move; do try $test "$folder/bin/test-cpu-$test"; done
    for tile in mma-large mma-small dp4a; do PRAXI_CUDA_CONV=conv-s8-$tile try "conv-$tile" "$folder/bin/test-cpu-conv" -p /cpu/conv/int8; done
    PRAXI_TEST_HALF=1 try conv-f16 "$folder/bin/test-cpu-conv" -p /cpu/conv/f32
    XDG_CACHE_HOME="$folder/cache" PRAXI_CUDNN=all try conv-cudnn "$folder/bin/test-cpu-conv" -p /cpu/conv/int8/edges
    if command -v compute-sanitizer >/dev/null; then
      for tool in memcheck racecheck; do try $tool compute-sanitizer --tool $tool --error-exitcode 1 "$folder/bin/test-cpu-conv" -p /cpu/conv/int8/edges; done
    else
      echo "| compute-sanitizer | not there |"
    fi
    echo
    echo "Latency is the median of at least 20 runs of the whole net, upload and download included; elsewhere: operators that the processor ran; off: the largest difference from the processor's answer, as a share of its largest value."
    echo
    echo "| model | precision | batch | ms | clips/s | arena MiB | elsewhere | off | device |"
    echo "|---|---|---|---|---|---|---|---|---|"
    PRAXI_CUDNN=off "$folder/bin/bench-gpu" --profile "$folder"/models/*.onnx 2> "$folder/log-profile.txt"
    echo
    compare_cudnn
    echo
    nvidia-smi --query-gpu=memory.used,memory.total --format=csv,noheader 2>/dev/null | sed 's/^/Memory of the card, used and all: /'
    echo
    if python3 -c 'import torch' 2>/dev/null; then python3 "$folder/gpu-torch.py"; else echo "PyTorch is not there."; fi
  } > "$result"
  echo "wrote $result"
  ! grep -q FAILED "$result"
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  pack) [ $# -ge 2 ] || { echo "usage: gpu.sh pack BUILD FOLDER [MODEL.onnx…]" >&2; exit 2; }; pack "$@" ;;
  run) run "$@" ;;
  *) echo "usage: gpu.sh pack BUILD FOLDER [MODEL.onnx…] | gpu.sh run [RESULT.md]" >&2; exit 2 ;;
esac
