#!/bin/sh
# install.sh rabbitmq | postgresql | mariadb | postfix | python-venv VERSION
#
# Installs a program that is missing through the system's package manager, saying what it runs. Only the program is
# wanted: a service that a package would start by itself is kept from starting, now and at the next boot.
set -eu

# Debian asks this file before it starts the service of a new package; without it, services start.
policy=${PRESSROOM_POLICY_RC_D:-/usr/sbin/policy-rc.d}

main() {
    title=$(title_of "$1")
    manager=$(package_manager) || give_up "no package manager that this script knows was found"
    package=$(package_for "$manager" "$@") || give_up "this script does not know its package for $manager"
    command=$(command_for "$manager" "$package")
    if [ "$(id -u)" = 0 ] || [ "$manager" = brew ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        give_up "installing it needs root: run \`sudo $command\`"
    fi
    echo "$title is missing. Installing it: $command"
    case $manager in
        apt-get) install_with_apt "$package" ;;
        *) $as_root $command ;;
    esac
}

title_of() { # program
    case $1 in
        rabbitmq) echo RabbitMQ ;;
        postgresql) echo "The PostgreSQL server" ;;
        mariadb) echo "The MariaDB server" ;;
        postfix) echo Postfix ;;
        python-venv) echo "Python's module venv" ;;
        *) echo "$1" ;;
    esac
}

package_manager() {
    for manager in apt-get dnf apk pacman zypper brew; do
        if command -v "$manager" >/dev/null 2>&1; then
            echo "$manager"
            return
        fi
    done
    return 1
}

package_for() { # manager program [version]
    case "$2 $1" in
        "rabbitmq apt-get" | "rabbitmq dnf" | "rabbitmq apk" | "rabbitmq zypper") echo rabbitmq-server ;;
        "rabbitmq pacman" | "rabbitmq brew") echo rabbitmq ;;
        "postgresql apt-get" | "postgresql apk" | "postgresql pacman") echo postgresql ;;
        "postgresql dnf" | "postgresql zypper") echo postgresql-server ;;
        "postgresql brew") echo postgresql@17 ;;
        "mariadb apt-get" | "mariadb dnf") echo mariadb-server ;;
        "mariadb apk" | "mariadb pacman" | "mariadb zypper" | "mariadb brew") echo mariadb ;;
        "postfix "*) echo postfix ;;
        "python-venv apt-get") echo "python$3-venv" ;;
        *) return 1 ;;
    esac
}

command_for() { # manager package
    case $1 in
        apt-get) echo "apt-get install -y --no-install-recommends $2" ;;
        dnf) echo "dnf install -y $2" ;;
        apk) echo "apk add $2" ;;
        pacman) echo "pacman -S --noconfirm --needed $2" ;;
        zypper) echo "zypper --non-interactive install $2" ;;
        brew) echo "brew install $2" ;;
    esac
}

install_with_apt() { # package
    # A fresh system or container knows no packages yet; old lists name files that the servers no longer have.
    apt-get install --simulate -qq "$1" >/dev/null 2>&1 || $as_root apt-get update -qq
    if [ ! -e "$policy" ]; then
        trap remove_policy EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
    fi
    apt_install "$1" || { $as_root apt-get update -qq && apt_install "$1"; }
    keep_off "$1"
}

apt_install() { # package
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" </dev/null
}

remove_policy() {
    $as_root rm -f "$policy"
}

keep_off() { # package
    case $1 in
        rabbitmq-server) service=rabbitmq-server.service ;;
        postgresql) service=postgresql.service ;;
        mariadb-server) service=mariadb.service ;;
        postfix) service=postfix.service ;;
        *) return 0 ;;
    esac
    command -v systemctl >/dev/null 2>&1 || return 0
    $as_root systemctl disable "$service" >/dev/null 2>&1 || return 0
    echo "Its service stays off: Pressroom runs a private one. To have it: systemctl enable --now $service"
}

give_up() { # reason
    echo "$title is missing, and $1. Then run make again." >&2
    exit 1
}

main "$@"
