# test_include_directions.sh - folders of the compiler are stages: who may
# include whom is this table. main.c, pipeline.c and, like them, command/ may
# include everything.
#
#     pass/fuse.c: #include "emit/emit.h"      refused: not in the row of pass
#
# A folder's local.h is for that folder alone.
set -u

allowed() { # folder -> the folders whose headers it may include
    case $1 in
    base) echo ;;
    target) echo base ;;
    graph) echo base ;;
    kernel) echo base target ;;
    op) echo base graph kernel target ;;
    language | import | weights) echo base graph ;;
    pass) echo base graph target ;;
    emit) echo base kernel target ;;
    command) echo base emit graph import kernel language op pass target weights ;;
    *) return 1 ;;
    esac
}

cd "$CNNC_SOURCE/compiler" || exit 1
faults=0
count=0
for folder in */; do
    folder=${folder%/}
    if ! may=$(allowed "$folder"); then
        echo "compiler/$folder: this folder has no row in the table"
        faults=$((faults + 1))
        continue
    fi
    while IFS=: read -r file line included; do
        count=$((count + 1))
        other=${included%%/*}
        if [[ ! -d $other || $other == "$folder" ]]; then
            continue
        fi
        if [[ " $may " != *" $other "* || $included == */local.h ]]; then
            echo "compiler/$file:$line: $folder may not include \"$included\""
            faults=$((faults + 1))
        fi
    done < <(grep -nE '^ *# *include *"[^"]*/' "$folder"/* |
        sed -E 's/^([^:]*:[0-9]+:).*"([^"]*)".*/\1\2/')
done
echo "$count includes, $faults faults"
[[ $count -gt 0 && $faults -eq 0 ]]
