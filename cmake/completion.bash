# Completion for cnnc: commands and options come from its own --help, so none is
# listed here.
_cnnc()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} help
    compopt -o filenames 2>/dev/null

    if [[ $current == -* ]]; then
        [[ $command == -* || $command == *.* ]] && command=
        help=$(${COMP_WORDS[0]} $command --help 2>/dev/null)
        mapfile -t COMPREPLY < <(compgen -W \
            "$(grep -oE -- '(^|[ ,])--?[A-Za-z][A-Za-z-]*=?' <<<"$help" |
                tr -d ' ,')" -- "$current")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
        return
    fi
    case $previous in
    -o | --weights | --save-weights | --data | --manifest | --weights-file | --schedule)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(
        compgen -d -- "$current"
        compgen -f -X '!*.@(cnn|onnx|npy|pgm|ppm|png|safetensors)' -- "$current"
        [[ $COMP_CWORD -eq 1 ]] && compgen -W "$("${COMP_WORDS[0]}" --help \
            2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')" \
            -- "$current"
    )
}
complete -F _cnnc cnnc
