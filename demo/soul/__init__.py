"""One bad apple, ten thousand good ones: the steps of Saša Jurić's talk "The Soul of Erlang and Elixir", on a live system.

    sums (faulty, fixed)   what everybody here computes; the module that is replaced while it runs
    workers                10,000 of them add up numbers, each once a second
    load                   how many there are                        meter    throughput, and the loop's share
    desk                   starts a computation for each input       editor   puts the corrected source in place

    system     the tree                 launch     what the command line calls
    node       its own OS process       script     the steps, driven and checked from outside, without a console
    steps      what there is to do, and with which keys          operator   what the script asks the node for

The source of `sums` is copied into a folder of the node's own, so that what is installed is never changed.
"""
