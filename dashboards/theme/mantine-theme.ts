/** The component kit's behaviour; its looks come from tokens.css, so that no style element is written at run time. */
import { createTheme, Drawer, Menu, Tooltip } from '@mantine/core';
import kit from './kit.module.css';

export const mantineTheme = createTheme({
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Menu: Menu.extend({
      defaultProps: { position: 'bottom-end', offset: 6, transitionProps: { transition: 'pop', duration: 110 } },
      classNames: {
        dropdown: kit.menu ?? '',
        item: kit.menuItem ?? '',
        label: kit.menuLabel ?? '',
        divider: kit.menuDivider ?? '',
      },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 250, withArrow: false, offset: 6 },
      classNames: { tooltip: kit.tooltip ?? '' },
    }),
    Drawer: Drawer.extend({
      // The kit locks the page's scroll with a style element; the page stays as it is instead.
      defaultProps: { lockScroll: false, overlayProps: { backgroundOpacity: 1, color: 'var(--scrim)' } },
      classNames: {
        content: kit.drawer ?? '',
        header: kit.drawerHeader ?? '',
        title: kit.drawerTitle ?? '',
        body: kit.drawerBody ?? '',
        close: kit.drawerClose ?? '',
      },
    }),
  },
});
